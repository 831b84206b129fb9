// Checks of the gradient against finite differences through the parameters.
#pragma once

#include <reft/testing/finite_differences.hpp>
#include <reft/testing/linear_loss.hpp>
#include <reft/testing/policy_subject.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI::detail {

template <class P>
concept examinable_gradient = inspectable<P> && optimizable<P>;

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

/// The gradient of one question as backward gives it, of the length that the parameters have.
template <class Policy>
std::vector<double> gradient_by_backward(Policy& policy, const gradient_question& question, std::uint64_t seed,
                                         bool has_values) {
    policy.zero_gradient();
    add_gradient(policy, question, seed, has_values);
    std::vector<double> gradient = copied_gradient(policy);
    const std::size_t n = copied_parameters(policy).size();
    if (gradient.size() != n)
        throw shape_error("gradient() is [" + std::to_string(gradient.size()) + "] but parameters() is [" +
                          std::to_string(n) + "]");
    return gradient;
}

template <class Subject>
finding gradient_of(Subject& subject, loss_part part, double temperature) {
    auto policy = subject.made();
    const policy_check_options& o = subject.options();
    const gradient_question question{subject.rows(), {part}, temperature};
    const auto gradient = gradient_by_backward(policy, question, o.seed, subject.has_values());
    loss_along line(policy, question, o.seed);
    const double unit = parameter_unit(line.origin()), length = length_of(gradient);
    const auto along = [&](const std::vector<double>& d) {
        return derivative_pair{std::inner_product(d.begin(), d.end(), gradient.begin(), 0.0),
                               line.derivative(d, subject.tolerances().step)};
    };
    largest_finding largest;
    const auto note = [&](const derivative_pair& pair, const std::string& direction) {
        largest.note(pair.deviation(0.1 * length * unit), [&] {
            return "At temperature " + figure(temperature) + ", along " + direction + ", the loss changes by " +
                   figure(pair.difference) + " per step, the gradient says " + figure(pair.analytic) + ".";
        });
    };
    std::string cause = "backward adds nothing for " + std::string(text_of(part)) +
                        ": their derivatives are not used, or the head is detached.";
    if (length > 0) {
        std::vector<double> d = gradient;
        for (double& x : d) x *= unit / length;
        const derivative_pair pair = along(d);
        note(pair, "the direction of the gradient itself");
        cause = cause_of_ratio(pair.analytic / pair.difference, subject.batch(temperature));
    }
    wrong_blocks blocks;
    for (const check_direction& direction :
         random_directions(gradient.size(), static_cast<std::size_t>(o.blocks), unit, o.seed)) {
        const derivative_pair pair = along(direction.d);
        note(pair, "a random direction in parameters " + std::to_string(direction.begin) + " to " +
                       std::to_string(direction.end - 1) + " of " + std::to_string(gradient.size()));
        blocks.note(direction, !(pair.deviation(0.1 * length * unit) <= subject.tolerances().gradients));
    }
    finding found = largest.result();
    found.where += blocks.text();
    found.cause = std::move(cause);
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
                 "backward does not reach some of these parameters, writes over them where it should add, or has a "
                 "wrong derivative.",
                 [&] { return gradient_at_temperatures(subject, part); });
    } else {
        list.leave_out(name, "The policy is not inspectable: parameters(), set_parameters(values), gradient().");
    }
}

}  // namespace reft::inline REFT_ABI::detail
