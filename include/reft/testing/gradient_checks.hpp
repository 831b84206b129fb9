// Checks of the gradient against finite differences through the parameters.
#pragma once

#include <reft/testing/finite_differences.hpp>
#include <reft/testing/linear_loss.hpp>
#include <reft/testing/policy_subject.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
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

/// "At temperature 1, along a random direction in parameters 0 to 24 of 300, the loss changes by 2 per step, ..."
inline std::string derivatives_text(const std::string& direction, double temperature, const derivative_pair& pair) {
    return "At temperature " + figure(temperature) + ", along " + direction + ", the loss changes by " +
           figure(pair.difference) + " per step, the gradient says " + figure(pair.analytic) + ".";
}

inline std::string direction_text(const check_direction& direction) {
    return "a random direction in parameters " + std::to_string(direction.begin) + " to " +
           std::to_string(direction.end - 1) + " of " + std::to_string(direction.d.size());
}

/// At the step that agrees best: a long one meets the curvature of the loss, a short one its rounding, and a wrong
/// gradient agrees at none.
template <class Line>
derivative_pair best_derivatives(Line& line, const std::vector<double>& gradient, const std::vector<double>& scales,
                                 const check_direction& direction, const policy_tolerances& tolerances) {
    derivative_pair best;
    for (const double share : {1.0, 1.0 / 4, 1.0 / 16}) {
        const double difference = line.derivative(direction.d, share * tolerances.step);
        const derivative_pair pair = derivatives(gradient, scales, direction, difference);
        if (share == 1 || !(pair.deviation() >= best.deviation())) best = pair;
        if (best.deviation() <= tolerances.gradients / 100) break;
    }
    return best;
}

template <class Subject>
finding gradient_of(Subject& subject, loss_part part, double temperature) {
    auto policy = subject.made();
    const policy_check_options& o = subject.options();
    const gradient_question question{subject.rows(), {part}, temperature};
    const auto gradient = gradient_by_backward(policy, question, o.seed, subject.has_values());
    loss_along line(policy, question, o.seed);
    const auto scales = parameter_scales(line.origin(), o.blocks);
    const auto along = [&](const check_direction& d) {
        return best_derivatives(line, gradient, scales, d, subject.tolerances());
    };
    largest_finding largest;
    wrong_blocks blocks;
    for (const check_direction& direction : random_directions(scales, o.blocks, o.seed)) {
        const derivative_pair pair = along(direction);
        largest.note(pair.deviation(), [&] { return derivatives_text(direction_text(direction), temperature, pair); });
        blocks.note(direction, !(pair.deviation() <= subject.tolerances().gradients));
    }
    std::string cause = "backward adds nothing for " + std::string(text_of(part)) +
                        ": their derivatives are not used, or the head is detached.";
    if (length_of(gradient) > 0) {
        const derivative_pair pair = along(direction_of_gradient(gradient, scales));
        largest.note(pair.deviation(), [&] { return derivatives_text("the gradient itself", temperature, pair); });
        cause = cause_of_ratio(pair.analytic / pair.difference, subject.batch(temperature));
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
