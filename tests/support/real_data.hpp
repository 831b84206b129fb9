// The data sets beside the repository.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace test {

/// The lines of a file of REFT_DATA_DIR; none, said loudly, where it is absent.
inline std::vector<std::string> real_data(const std::string& file) {
    const std::string path = std::string(REFT_DATA_DIR_DEFAULT) + "/" + file;
    std::ifstream stream(path);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);)
        if (!line.empty()) lines.push_back(line);
    if (lines.empty()) WARN("SKIPPED, NOTHING WAS TESTED: there is no " << path << "; set REFT_DATA_DIR in CMake");
    return lines;
}

}  // namespace test
