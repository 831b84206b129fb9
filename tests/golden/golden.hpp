// What every mapping of a golden file needs: the inputs and expected outputs of a case, and comparison at a tolerance.
//
// A file holds cases of one function of another codebase. A mapping is a function that computes a case with reft and
// compares. To add one: write it in the .cpp file of its codebase and name its file in the table there; a new codebase
// is one .cpp file and one entry in main.cpp.
#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace golden {

using json = nlohmann::json;

/// Expected or given numbers of any rank, row-major; booleans are 0 and 1.
struct array {
    std::string path;  ///< JSON pointer inside the case
    std::vector<std::int64_t> shape;
    std::vector<double> values;

    /// JSON pointer of element `i`.
    std::string path_of(std::size_t i) const;
};

/// One case. Paths are JSON pointers: "/inputs/values", "/outputs/steps/0/loss".
class golden_case {
  public:
    golden_case(const json& document, json body);

    std::string name() const { return body_.value("name", "without a name"); }
    /// "float64" or "float32".
    const std::string& dtype() const { return dtype_; }
    /// There, and not null.
    bool has(const std::string& path) const;

    /// Throw where the path is missing, or the kind is another one.
    array numbers(const std::string& path) const;
    array numbers(const std::string& path, std::size_t rank) const;
    double number(const std::string& path) const;
    double number(const std::string& path, double if_missing) const;
    std::string text(const std::string& path, const std::string& if_missing) const;
    bool flag(const std::string& path, bool if_missing) const;
    std::vector<std::string> texts(const std::string& path) const;
    std::size_t size(const std::string& path) const;

    /// The case with `delta` added to one number, or one boolean turned over.
    golden_case perturbed(const std::string& path, double delta) const;

  private:
    const json& at(const std::string& path) const;

    json body_;
    std::string dtype_;
};

/// A number of the file that was compared: the largest of its field.
struct comparison {
    std::string path;
    double expected = 0;
    double tolerance = 0;
};

/// Collects what was compared in a case and what differs.
class checker {
  public:
    /// Compares where `counts` is not 0, or everywhere. The error is |actual − expected| / max(1, |expected|); NaN
    /// agrees with NaN and an infinity with the same one.
    void compare(const array& expected, std::span<const double> actual, double tolerance,
                 std::span<const std::uint8_t> counts = {});
    void compare(const array& expected, double actual, double tolerance);

    /// The same for numbers that are not from the file.
    void agree(const array& expected, std::span<const double> actual, double tolerance,
               std::span<const std::uint8_t> counts = {});

    /// Something else that must hold.
    void require(bool holds, const std::string& field, const std::string& otherwise);

    /// Counts something worth telling at the end of the run.
    void note(const std::string& what, std::int64_t count);

    const std::vector<std::string>& failures() const { return failures_; }
    const std::vector<comparison>& compared() const { return compared_; }
    const std::map<std::string, std::int64_t>& notes() const { return notes_; }
    std::int64_t checks() const { return checks_; }
    double largest_error() const { return largest_error_; }

  private:
    /// Records the error and returns the element whose expected number is the largest, or the size.
    std::size_t differ(const array& expected, std::span<const double> actual, double tolerance,
                       std::span<const std::uint8_t> counts);

    std::vector<std::string> failures_;
    std::vector<comparison> compared_;
    std::map<std::string, std::int64_t> notes_;
    std::int64_t checks_ = 0;
    double largest_error_ = 0;
};

/// How the cases of one file are computed with reft.
struct mapping {
    std::string_view stem;  ///< the name of the file without .json
    void (*run)(const golden_case&, checker&);
};

/// The files of one codebase. One that begins with the prefix and has no mapping is a failure.
struct codebase {
    std::string_view prefix;
    std::span<const mapping> mappings;
};

codebase mwp_reft();

}  // namespace golden
