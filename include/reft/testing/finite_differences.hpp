// The derivative of a loss along lines in parameter space, and the directions of these lines.
#pragma once

#include <reft/policy/concepts.hpp>
#include <reft/testing/linear_loss.hpp>
#include <reft/testing/policy_subject.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI::detail {

template <class P>
std::vector<double> copied_gradient(const P& policy) {
    auto&& given = policy.gradient();
    const auto v = view(given);
    std::vector<double> copy(static_cast<std::size_t>(v.extent(0)));
    for (std::size_t i = 0; i < copy.size(); ++i) copy[i] = static_cast<double>(v[static_cast<std::int64_t>(i)]);
    return copy;
}

inline double length_of(const std::vector<double>& x) {
    return std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0));
}

/// The loss along a line in parameter space, and its derivative at 0.
template <class Policy>
class loss_along {
  public:
    using T = policy_scalar_t<Policy>;

    loss_along(Policy& policy, const gradient_question& question, std::uint64_t seed)
        : policy_(policy), question_(question), seed_(seed), origin_(copied_parameters(policy)) {}
    ~loss_along() = default;
    loss_along(const loss_along&) = delete;
    loss_along& operator=(const loss_along&) = delete;

    const std::vector<T>& origin() const { return origin_; }

    /// (8·(L(h) − L(−h)) − (L(2h) − L(−2h))) / 12h
    double derivative(const std::vector<double>& direction, double h) {
        const double inner = at(direction, h) - at(direction, -h), outer = at(direction, 2 * h) - at(direction, -2 * h);
        policy_.set_parameters(std::span<const T>(origin_));
        return (8 * inner - outer) / (12 * h);
    }

  private:
    double at(const std::vector<double>& direction, double h) {
        std::vector<T> moved = origin_;
        for (std::size_t i = 0; i < moved.size(); ++i) moved[i] += static_cast<T>(h * direction[i]);
        policy_.set_parameters(std::span<const T>(moved));
        return linear_loss(policy_, question_, seed_);
    }

    Policy& policy_;
    const gradient_question& question_;
    std::uint64_t seed_;
    std::vector<T> origin_;
};

/// A direction in parameter space: other than 0 from `begin` to `end`.
struct check_direction {
    std::size_t begin = 0, end = 0;
    std::vector<double> d = {};
};

/// Random ones, in consecutive blocks of the parameters and in all of them. Every entry is about as large as a parameter.
inline std::vector<check_direction> random_directions(std::size_t n, std::size_t blocks, double unit,
                                                      std::uint64_t seed) {
    std::vector<check_direction> all;
    const auto add = [&](std::size_t begin, std::size_t end) {
        random_stream stream(seed, random_purpose::data, static_cast<std::uint32_t>(10 + all.size()));
        check_direction direction{begin, end, std::vector<double>(n)};
        for (std::size_t i = begin; i < end; ++i) direction.d[i] = unit * stream.normal();
        all.push_back(std::move(direction));
    };
    blocks = std::min(blocks, n);
    for (std::size_t b = 0; b < blocks; ++b) add(n * b / blocks, n * (b + 1) / blocks);
    for (int i = 0; i < 3; ++i) add(0, n);
    return all;
}

/// Which blocks of the parameters were found wrong: "0 to 24, 130 to 207".
class wrong_blocks {
  public:
    void note(const check_direction& direction, bool wrong) {
        if (direction.begin == 0 && direction.end == direction.d.size()) return;
        (wrong ? wrong_ : right_) += 1;
        if (!wrong) return;
        if (!ranges_.empty() && ranges_.back().second == direction.begin)
            ranges_.back().second = direction.end;
        else
            ranges_.emplace_back(direction.begin, direction.end);
    }
    std::string text() const {
        if (wrong_ == 0) return "";
        if (right_ == 0) return " It is so in all blocks of parameters.";
        std::string text;
        for (const auto& [begin, end] : ranges_)
            text += (text.empty() ? " Blocks that disagree: parameters " : ", ") + std::to_string(begin) + " to " +
                    std::to_string(end - 1);
        return text + "; the other blocks agree.";
    }

  private:
    std::vector<std::pair<std::size_t, std::size_t>> ranges_;
    int wrong_ = 0, right_ = 0;
};

/// Derivatives along a line, by the gradient and by differences.
struct derivative_pair {
    double analytic = 0, difference = 0;

    double deviation(double unit) const {
        const double size = std::max({std::abs(analytic), std::abs(difference), unit});
        return analytic == difference ? 0 : std::abs(analytic - difference) / size;
    }
};

}  // namespace reft::inline REFT_ABI::detail
