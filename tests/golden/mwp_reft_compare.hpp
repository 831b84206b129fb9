// Comparison of what reft gave with the fields of a chain, and what must hold of it without a file.
#pragma once

#include "golden/golden.hpp"
#include "golden/grid.hpp"
#include "golden/mwp_reft_rollout.hpp"

#include <bit>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace golden {

/// The rows of a mini-batch at their places in the batch; rows that are not in it are 0.
template <class T>
grid<T> placed(const grid<T>& x, const std::vector<std::int64_t>& which, std::int64_t batch) {
    grid<T> result(batch, x.columns, x.depth);
    for (std::int64_t b = 0; b < x.rows; ++b)
        for (std::int64_t t = 0; t < x.columns; ++t)
            for (std::int64_t v = 0; v < x.depth; ++v) result(which[static_cast<std::size_t>(b)], t, v) = x(b, t, v);
    return result;
}

/// Both layouts of reft do the same arithmetic in the same order.
template <class T>
void check_same_bits(const outcome<T>& a, const outcome<T>& b, checker& check) {
    using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    for (const auto& [name, x] : a.grids) {
        std::int64_t differences = 0;
        for (std::size_t i = 0; i < x.values.size(); ++i)
            differences += std::bit_cast<bits>(x.values[i]) != std::bit_cast<bits>(b.grids.at(name).values[i]);
        check.require(differences == 0, name, "differs between the padded and the packed layout");
    }
    for (const auto& [name, x] : a.numbers)
        check.require(std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(b.numbers.at(name)), name,
                      "differs between the padded and the packed layout");
}

/// Whatever reft gives is exactly 0 where nothing counts.
template <class T>
void check_zero_outside(const outcome<T>& out, const grid<T>& mask, checker& check) {
    for (const auto& [name, x] : out.grids)
        for (std::int64_t b = 0; b < x.rows; ++b)
            for (std::int64_t t = 0; t < x.columns; ++t)
                for (std::int64_t v = 0; v < x.depth; ++v)
                    if (mask(b, t) == T(0) && x(b, t, v) != T(0))
                        return check.require(false, name, "is not 0 where the mask is 0");
}

/// Compares grids of an outcome with fields below `prefix`.
template <class T>
class comparer {
  public:
    comparer(const golden_case& file, std::string prefix, const outcome<T>& out, const grid<T>& mask, checker& check)
        : file_(file), prefix_(std::move(prefix)), out_(out), mask_(mask), check_(check) {}

    /// Also where the mask is 0: the source has 0 there as well.
    void everywhere(const std::string& field, double tolerance) const { all_of(field, field, tolerance); }

    /// Everywhere too, if the case has it.
    void gradient(const std::string& field, const std::string& name, double tolerance) const {
        if (file_.has(prefix_ + field)) all_of(field, name, tolerance);
    }

    void where_counted(const std::string& field, double tolerance) const {
        const array expected = file_.numbers(prefix_ + field);
        check_.compare(expected, out_.grids.at(field).numbers(expected.shape.at(1)), tolerance,
                       counted(expected.shape.at(1)));
    }

    /// The larger of two fields, each where it is the larger one.
    void larger_of(const std::string& first, const std::string& second, double tolerance) const {
        const array a = file_.numbers(prefix_ + first), b = file_.numbers(prefix_ + second);
        std::vector<std::uint8_t> in_a = counted(a.shape.at(1)), in_b = in_a;
        for (std::size_t i = 0; i < in_a.size(); ++i) (b.values.at(i) > a.values[i] ? in_a : in_b)[i] = 0;
        const std::vector<double> actual = out_.grids.at(first).numbers(a.shape.at(1));
        check_.compare(a, actual, tolerance, in_a);
        check_.compare(b, actual, tolerance, in_b);
    }

    void number(const std::string& field, double tolerance) const {
        check_.compare(file_.numbers(prefix_ + field, 0), out_.numbers.at(field), tolerance);
    }

  private:
    void all_of(const std::string& field, const std::string& name, double tolerance) const {
        const array expected = file_.numbers(prefix_ + field);
        check_.compare(expected, out_.grids.at(name).numbers(expected.shape.at(1)), tolerance);
    }

    std::vector<std::uint8_t> counted(std::int64_t columns) const {
        std::vector<std::uint8_t> result;
        for (const double counts : mask_.numbers(columns)) result.push_back(counts != 0);
        return result;
    }

    const golden_case& file_;
    std::string prefix_;
    const outcome<T>& out_;
    const grid<T>& mask_;
    checker& check_;
};

}  // namespace golden
