// The real data sets as problems. They lie beside the repository; without them a test says so and is skipped.
#pragma once

#include <reft/text/json_problems.hpp>

#include <filesystem>
#include <optional>
#include <string>

#include "support/catch.hpp"

namespace reft_test {

/// All problems of a file of the data folder, or nothing, said loudly, where it is missing.
template <class Format>
std::optional<reft::problem_set> real_problems(const std::string& file, const Format& format,
                                               const reft::problem_reader_options& options = {}) {
    const std::filesystem::path path = std::filesystem::path(REFT_DATA_DIR_DEFAULT) / file;
    if (!std::filesystem::exists(path)) {
        WARN("SKIPPED: there is no " << path.string());
        return std::nullopt;
    }
    return reft::read_problems(path.string(), format, options);
}

}  // namespace reft_test
