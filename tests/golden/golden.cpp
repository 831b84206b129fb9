#include "golden/golden.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <utility>

namespace golden {
namespace {

double number_of(const json& value, const std::string& path) {
    if (value.is_number()) return value.get<double>();
    if (value.is_boolean()) return value.get<bool>() ? 1.0 : 0.0;
    if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (value == "inf") return std::numeric_limits<double>::infinity();
    if (value == "-inf") return -std::numeric_limits<double>::infinity();
    throw std::runtime_error(path + " holds something that is not a number");
}

void flatten(const json& value, std::size_t depth, array& into) {
    if (!value.is_array()) {
        if (depth != into.shape.size()) throw std::runtime_error(into.path + " is nested to different depths");
        into.values.push_back(number_of(value, into.path));
        return;
    }
    const auto extent = static_cast<std::int64_t>(value.size());
    if (into.shape.size() == depth && into.values.empty()) into.shape.push_back(extent);
    if (into.shape.size() <= depth || into.shape[depth] != extent) throw std::runtime_error(into.path + " is ragged");
    for (const json& element : value) flatten(element, depth + 1, into);
}

double relative_error(double actual, double expected) {
    if ((std::isnan(actual) && std::isnan(expected)) || actual == expected) return 0.0;
    const double error = std::abs(actual - expected) / std::max(1.0, std::abs(expected));
    return std::isnan(error) ? std::numeric_limits<double>::infinity() : error;
}

std::string described(const array& expected, std::size_t i, double actual, double error, double tolerance) {
    char text[160];
    std::snprintf(text, sizeof text, ": largest error %.3g (allowed %.3g), expected %.17g, got %.17g", error, tolerance,
                  expected.values[i], actual);
    return expected.path_of(i) + text;
}

}  // namespace

std::string array::path_of(std::size_t i) const {
    std::string indices;
    auto rest = static_cast<std::int64_t>(i);
    for (std::size_t d = shape.size(); d-- > 0; rest /= shape[d])
        indices.insert(0, "/" + std::to_string(rest % shape[d]));
    return path + indices;
}

golden_case::golden_case(const json& document, json body)
    : body_(std::move(body)), dtype_(body_.value("dtype", document.value("dtype", "float64"))) {
    if (dtype_ != "float64" && dtype_ != "float32") throw std::runtime_error("unknown dtype " + dtype_);
}

const json& golden_case::at(const std::string& path) const {
    const json::json_pointer pointer(path);
    if (!body_.contains(pointer)) throw std::runtime_error(path + " is missing");
    return body_.at(pointer);
}

bool golden_case::has(const std::string& path) const {
    const json::json_pointer pointer(path);
    return body_.contains(pointer) && !body_.at(pointer).is_null();
}

array golden_case::numbers(const std::string& path) const {
    array result{.path = path, .shape = {}, .values = {}};
    flatten(at(path), 0, result);
    return result;
}

array golden_case::numbers(const std::string& path, std::size_t rank) const {
    array result = numbers(path);
    if (result.shape.size() != rank)
        throw std::runtime_error(path + " has rank " + std::to_string(result.shape.size()) + " instead of " +
                                 std::to_string(rank));
    return result;
}

double golden_case::number(const std::string& path) const { return number_of(at(path), path); }

double golden_case::number(const std::string& path, double if_missing) const {
    return has(path) ? number(path) : if_missing;
}

std::string golden_case::text(const std::string& path, const std::string& if_missing) const {
    return has(path) ? at(path).get<std::string>() : if_missing;
}

bool golden_case::flag(const std::string& path, bool if_missing) const {
    return has(path) ? number(path) != 0 : if_missing;
}

std::vector<std::string> golden_case::texts(const std::string& path) const {
    std::vector<std::string> result;
    for (const json& element : at(path))
        result.push_back(element.is_string() ? element.get<std::string>() : element.dump());
    return result;
}

std::size_t golden_case::size(const std::string& path) const { return has(path) ? at(path).size() : 0; }

golden_case golden_case::perturbed(const std::string& path, double delta) const {
    golden_case copy = *this;
    json& number = copy.body_.at(json::json_pointer(path));
    if (number.is_boolean())
        number = !number.get<bool>();
    else
        number = number_of(number, path) + delta;
    return copy;
}

std::size_t checker::differ(const array& expected, std::span<const double> actual, double tolerance,
                            std::span<const std::uint8_t> counts) {
    const std::size_t n = expected.values.size();
    if (actual.size() != n || (!counts.empty() && counts.size() != n)) {
        require(false, expected.path,
                std::to_string(n) + " numbers expected, " + std::to_string(actual.size()) + " computed");
        return n;
    }
    ++checks_;
    double worst_error = 0;
    std::size_t worst = n, largest = n;
    for (std::size_t i = 0; i < n; ++i) {
        if (!counts.empty() && counts[i] == 0) continue;
        const double error = relative_error(actual[i], expected.values[i]);
        if (worst == n || error > worst_error) worst = i, worst_error = error;
        const bool larger = largest == n || std::abs(expected.values[i]) > std::abs(expected.values[largest]);
        if (std::isfinite(expected.values[i]) && larger) largest = i;
    }
    largest_error_ = std::max(largest_error_, worst_error);
    if (!(worst_error <= tolerance))
        failures_.push_back(described(expected, worst, actual[worst], worst_error, tolerance));
    return largest;
}

void checker::compare(const array& expected, std::span<const double> actual, double tolerance,
                      std::span<const std::uint8_t> counts) {
    const std::size_t largest = differ(expected, actual, tolerance, counts);
    if (largest < expected.values.size())
        compared_.push_back({expected.path_of(largest), expected.values[largest], tolerance});
}

void checker::agree(const array& expected, std::span<const double> actual, double tolerance,
                    std::span<const std::uint8_t> counts) {
    differ(expected, actual, tolerance, counts);
}

void checker::compare(const array& expected, double actual, double tolerance) {
    compare(expected, std::span<const double>(&actual, 1), tolerance);
}

void checker::require(bool holds, const std::string& field, const std::string& otherwise) {
    ++checks_;
    if (!holds) failures_.push_back(field + ": " + otherwise);
}

void checker::note(const std::string& what, std::int64_t count) {
    if (count > 0) notes_[what] += count;
}

}  // namespace golden
