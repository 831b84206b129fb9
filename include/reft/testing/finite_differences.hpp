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

    bool is_whole() const { return begin == 0 && end == d.size(); }
};

/// Random ones, in each block of the parameters and in all of them; every entry is about as large as a parameter.
inline std::vector<check_direction> random_directions(const std::vector<double>& scales, std::int64_t blocks,
                                                      std::uint64_t seed) {
    std::vector<check_direction> all;
    const auto add = [&](std::size_t begin, std::size_t end) {
        random_stream stream(seed, random_purpose::data, static_cast<std::uint32_t>(10 + all.size()));
        check_direction direction{begin, end, std::vector<double>(scales.size())};
        for (std::size_t i = begin; i < end; ++i) direction.d[i] = scales[i] * stream.normal();
        all.push_back(std::move(direction));
    };
    const auto bounds = block_bounds(scales.size(), blocks);
    for (std::size_t b = 0; b + 1 < bounds.size(); ++b) add(bounds[b], bounds[b + 1]);
    for (int i = 0; i < 3; ++i) add(0, scales.size());
    return all;
}

/// Along the gradient, in units in which all parameters are equally large; as long as one random entry.
inline check_direction direction_of_gradient(const std::vector<double>& gradient, const std::vector<double>& scales) {
    check_direction along{0, gradient.size(), gradient};
    double square = 0;
    for (std::size_t i = 0; i < gradient.size(); ++i) square += gradient[i] * scales[i] * gradient[i] * scales[i];
    for (std::size_t i = 0; i < gradient.size(); ++i) along.d[i] *= scales[i] * scales[i] / std::sqrt(square);
    return along;
}

/// Derivatives along a line, by the gradient and by differences, and how large random ones are.
struct derivative_pair {
    double analytic = 0, difference = 0, typical = 0;

    double deviation() const {
        if (analytic == difference) return 0;
        return std::abs(analytic - difference) / std::max({std::abs(analytic), std::abs(difference), typical});
    }
};

/// A block that matters a hundred times less than all parameters together is compared with a hundredth of these.
inline derivative_pair derivatives(const std::vector<double>& gradient, const std::vector<double>& scales,
                                   const check_direction& direction, double difference) {
    derivative_pair pair{0, difference, 0};
    double of_all = 0, of_direction = 0;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
        const double g = gradient[i] * scales[i];
        pair.analytic += gradient[i] * direction.d[i];
        of_all += g * g;
        if (i >= direction.begin && i < direction.end) of_direction += g * g;
    }
    pair.typical = std::max(std::sqrt(of_direction), 0.01 * std::sqrt(of_all));
    return pair;
}

/// Which blocks of the parameters were found wrong: "0 to 24, 130 to 207".
class wrong_blocks {
  public:
    void note(const check_direction& direction, bool wrong) {
        if (direction.is_whole()) return;
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

}  // namespace reft::inline REFT_ABI::detail
