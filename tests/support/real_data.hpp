// The data sets beside the repository.
#pragma once

#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace test {

/// The path of a file of $REFT_DATA_DIR, or of CMake's REFT_DATA_DIR; nothing, said loudly, where it is absent.
inline std::optional<std::string> real_data_path(const std::string& file) {
    const char* const folder = std::getenv("REFT_DATA_DIR");
    const std::string path = std::string(folder ? folder : REFT_DATA_DIR_DEFAULT) + "/" + file;
    if (std::ifstream(path)) return path;
    WARN("SKIPPED, NOTHING WAS TESTED: there is no " << path << "; set REFT_DATA_DIR in CMake");
    return std::nullopt;
}

/// Its lines; none where it is absent.
inline std::vector<std::string> real_data(const std::string& file) {
    std::vector<std::string> lines;
    const std::optional<std::string> path = real_data_path(file);
    if (!path) return lines;
    std::ifstream stream(*path);
    for (std::string line; std::getline(stream, line);)
        if (!line.empty()) lines.push_back(line);
    return lines;
}

}  // namespace test
