// Checks of the gradient against finite differences through the parameters.
#pragma once

#include <reft/testing/linear_loss.hpp>
#include <reft/testing/policy_subject.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI::detail {

template <class P>
concept examinable_gradient = inspectable<P> && optimizable<P>;

template <class P>
std::vector<double> copied_gradient(const P& policy) {
    auto&& given = policy.gradient();
    const auto v = view(given);
    std::vector<double> copy(static_cast<std::size_t>(v.extent(0)));
    for (std::size_t i = 0; i < copy.size(); ++i) copy[i] = static_cast<double>(v[static_cast<std::int64_t>(i)]);
    return copy;
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

/// A direction, and what to call it.
struct check_direction {
    std::string name = {};
    std::vector<double> d = {};
};

/// Random ones, in all parameters and in consecutive blocks of them. Every entry is about as large as a parameter.
inline std::vector<check_direction> random_directions(std::size_t n, std::size_t blocks, double unit,
                                                      std::uint64_t seed) {
    std::vector<check_direction> all;
    const auto add = [&](std::string name, std::size_t begin, std::size_t end) {
        random_stream stream(seed, random_purpose::data, static_cast<std::uint32_t>(10 + all.size()));
        check_direction direction{std::move(name), std::vector<double>(n)};
        for (std::size_t i = begin; i < end; ++i) direction.d[i] = unit * stream.normal();
        all.push_back(std::move(direction));
    };
    for (int i = 0; i < 3; ++i) add("a random direction in all " + std::to_string(n) + " parameters", 0, n);
    blocks = std::min(blocks, n);
    for (std::size_t b = 0; b < blocks; ++b) {
        const std::size_t begin = n * b / blocks, end = n * (b + 1) / blocks;
        add("a random direction in parameters " + std::to_string(begin) + " to " + std::to_string(end - 1) + " of " +
                std::to_string(n),
            begin, end);
    }
    return all;
}

/// What a gradient that is `ratio` times what it should be tells of its maker; empty if nothing.
inline std::string cause_of_ratio(double ratio, const token_batch& batch) {
    const auto is = [&](double x) { return std::abs(ratio - x) <= 0.02 * std::abs(x); };
    const auto tokens = static_cast<double>(batch.response_tokens()), rows = static_cast<double>(batch.count());
    const double t = batch.temperature;
    if (is(-1)) return "the sign: backward is given derivatives of the loss, and adds to a gradient that is descended.";
    if (is(1 / tokens)) return "it is divided by the number of tokens; the derivatives carry all averaging already.";
    if (is(1 / rows)) return "it is divided by the number of rows; the derivatives carry all averaging already.";
    if (is(1 / static_cast<double>(batch.tokens())))
        return "it is divided by the number of positions; the derivatives carry all averaging already.";
    if (t != 1 && (is(t) || is(1 / t))) return "a factor of the temperature too few or too many.";
    if (is(2)) return "it is added twice.";
    if (is(0.5)) return "half of it is missing: a factor 2.";
    return {};
}

template <class Subject>
finding gradient_of(Subject& subject, loss_part part, double temperature) {
    auto policy = subject.made();
    const std::uint64_t seed = subject.options().seed;
    const token_batch batch = subject.batch(temperature);
    const gradient_question question{subject.rows(), {part}, temperature};
    loss_along line(policy, question, seed);
    const double unit = parameter_unit(line.origin()), h = subject.tolerances().step;
    policy.zero_gradient();
    add_gradient(policy, question, seed, subject.has_values());
    const std::vector<double> gradient = copied_gradient(policy);
    if (gradient.size() != line.origin().size())
        throw shape_error("gradient() is [" + std::to_string(gradient.size()) + "] but parameters() is [" +
                          std::to_string(line.origin().size()) + "]");
    const double length = std::sqrt(std::inner_product(gradient.begin(), gradient.end(), gradient.begin(), 0.0));

    auto directions =
        random_directions(gradient.size(), static_cast<std::size_t>(subject.options().blocks), unit, seed);
    if (length > 0) {
        check_direction along{"the direction of the gradient itself", gradient};
        for (double& x : along.d) x *= unit / length;
        directions.insert(directions.begin(), std::move(along));
    }
    largest_finding largest;
    std::string cause;
    for (const auto& [name, d] : directions) {
        const double analytic = std::inner_product(gradient.begin(), gradient.end(), d.begin(), 0.0);
        const double difference = line.derivative(d, h);
        if (&d == &directions.front().d && length > 0) cause = cause_of_ratio(analytic / difference, batch);
        const double size = std::max({std::abs(analytic), std::abs(difference), 0.1 * length * unit, 1e-300});
        largest.note(std::abs(analytic - difference) / size, [&] {
            return "At temperature " + figure(temperature) + ", along " + name + ", the loss changes by " +
                   figure(difference) + " per step, the gradient says " + figure(analytic) + ".";
        });
    }
    finding found = largest.result();
    found.cause = length == 0 && found.measured > 0 ? "backward adds nothing for " + std::string(text_of(part)) +
                                                          ": their derivatives are not used, or the head is detached."
                                                    : cause;
    return found;
}

/// Both temperatures together: the larger deviation.
template <class Subject>
finding gradient_at_temperatures(Subject& subject, loss_part part) {
    finding worst;
    for (const double temperature : subject.temperatures())
        if (finding found = gradient_of(subject, part, temperature); !(found.measured <= worst.measured))
            if (!std::isnan(worst.measured)) worst = std::move(found);
    return worst;
}

template <class Subject>
void check_gradients(checklist& list, Subject& subject, loss_part part) {
    const std::string name = std::string("gradient of ") + text_of(part) + " by finite differences";
    if constexpr (examinable_gradient<typename Subject::policy>) {
        list.run(name, subject.tolerances().gradients,
                 "a part of the parameters is not reached, is reached twice, or has a wrong derivative: the parameters "
                 "named are where to look.",
                 [&] { return gradient_at_temperatures(subject, part); });
    } else {
        list.leave_out(name, "The policy is not inspectable: parameters(), set_parameters(values), gradient().");
    }
}

}  // namespace reft::inline REFT_ABI::detail
