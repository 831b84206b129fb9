// The real data sets as problems. They lie beside the repository; without them a test says so and is skipped.
#pragma once

#include <reft/text/json_problems.hpp>

#include <optional>
#include <string>

#include "support/real_data.hpp"

namespace reft_test {

/// All problems of a file of the data folder, or nothing, said loudly, where it is missing.
template <class Format>
std::optional<reft::problem_set> real_problems(const std::string& file, const Format& format,
                                               const reft::problem_reader_options& options = {}) {
    const std::optional<std::string> path = test::real_data_path(file);
    if (!path) return std::nullopt;
    return reft::read_problems(*path, format, options);
}

}  // namespace reft_test
