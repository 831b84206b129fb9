// Checks of how gradients add up: over micro-batches, after zero_gradient, and from nothing else.
#pragma once

#include <reft/testing/gradient_checks.hpp>
#include <reft/testing/linear_loss.hpp>
#include <reft/testing/policy_subject.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <vector>

namespace reft::inline REFT_ABI::detail {

/// The accumulated gradient, or, of a policy that does not show it, its length alone.
template <optimizable P>
std::vector<double> seen_gradient(const P& policy) {
    if constexpr (inspectable<P>)
        return copied_gradient(policy);
    else
        return {static_cast<double>(policy.gradient_norm())};
}

/// ‖a − b‖ / ‖b‖
inline double relative_distance(const std::vector<double>& a, const std::vector<double>& b) {
    double distance = 0, length = 0;
    for (std::size_t i = 0; i < b.size(); ++i) {
        distance += (a[i] - b[i]) * (a[i] - b[i]);
        length += b[i] * b[i];
    }
    return distance == 0 ? 0 : std::sqrt(distance / length);
}

/// The gradient of one question alone, by a policy made for it.
template <class Subject>
std::vector<double> gradient_alone(Subject& subject, const gradient_question& question) {
    auto policy = subject.made();
    policy.zero_gradient();
    add_gradient(policy, question, subject.options().seed, subject.has_values());
    return seen_gradient(policy);
}

/// Why a check is left out that a gradient of length 0 could not fail.
inline finding no_gradient_seen() {
    return nothing_measured("The gradient of a batch has length 0, with which nothing can be compared.");
}

/// "The gradient has length 3, a fresh policy's 2; they differ by 0.5 of the latter."
inline finding gradients_compared(const std::string& begin, const std::vector<double>& got,
                                  const std::vector<double>& expected) {
    if (length_of(got) == 0 && length_of(expected) == 0) return no_gradient_seen();
    const double distance = relative_distance(got, expected);
    return {distance, begin + " the gradient has length " + figure(length_of(got)) + " instead of " +
                          figure(length_of(expected)) + (expected.size() > 1 ? ", and differs by " : ", a change by ") +
                          figure(distance) + " of that."};
}

template <class Subject>
finding gradient_over_micro_batches(Subject& subject) {
    const auto half = subject.rows().begin() + std::ssize(subject.rows()) / 2;
    const gradient_question whole{subject.rows()}, first{{subject.rows().begin(), half}},
        second{{half, subject.rows().end()}};
    const auto expected = gradient_alone(subject, whole);
    if (length_of(expected) == 0)
        return {NAN, "After backward with derivatives that are not 0 the gradient has length 0.",
                "gradient_norm() says 0 whatever the gradient is, or backward adds nothing."};
    auto policy = subject.made();
    policy.zero_gradient();
    add_gradient(policy, first, subject.options().seed, subject.has_values());
    add_gradient(policy, second, subject.options().seed, subject.has_values());
    const auto got = seen_gradient(policy);
    finding found = gradients_compared("After two halves of a batch", got, expected);
    if (relative_distance(got, gradient_alone(subject, second)) <= subject.tolerances().outputs)
        found.cause = "it is that of the second half alone: backward must add to the gradient, not write over it.";
    return found;
}

template <class Subject>
finding gradient_after_other_evaluate(Subject& subject) {
    const gradient_question question{subject.rows(), {loss_part::log_probs}, subject.options().temperature};
    auto policy = subject.made();
    policy.zero_gradient();
    scores_of(policy, batch_of_rows(random_rows(subject.options(), 1), 1.0));
    add_gradient(policy, question, subject.options().seed, subject.has_values());
    return gradients_compared("When a batch was evaluated before, without backward,", seen_gradient(policy),
                              gradient_alone(subject, question));
}

template <class Subject>
finding gradient_after_zero(Subject& subject) {
    auto policy = subject.made();
    add_gradient(policy, {subject.rows()}, subject.options().seed, subject.has_values());
    if (length_of(seen_gradient(policy)) == 0) return no_gradient_seen();
    policy.zero_gradient();
    const double length = length_of(seen_gradient(policy));
    return {length, "After zero_gradient() the gradient has length " + figure(length) + "."};
}

template <class Subject>
finding gradient_of_nothing(Subject& subject) {
    const double length = length_of(gradient_alone(subject, {.rows = subject.rows(), .scale = 0}));
    if (length == 0 && length_of(gradient_alone(subject, {subject.rows()})) == 0) return no_gradient_seen();
    return {length, "After backward with derivatives that are all 0 the gradient has length " + figure(length) + "."};
}

template <class Subject>
finding gradient_norm_and_gradient(Subject& subject) {
    auto policy = subject.made();
    policy.zero_gradient();
    add_gradient(policy, {subject.rows()}, subject.options().seed, subject.has_values());
    const double said = policy.gradient_norm(), length = length_of(seen_gradient(policy));
    return {deviation(said, length),
            "gradient_norm() is " + figure(said) + " but gradient() has length " + figure(length) + "."};
}

template <class Subject>
void check_accumulation(checklist& list, Subject& subject) {
    const double limit = subject.tolerances().outputs;
    list.run("backward adds up over micro-batches", limit,
             "a factor that depends on the size of the batch, or a buffer that is not cleared between two batches.",
             [&] { return gradient_over_micro_batches(subject); });
    list.run("backward is about the last evaluate alone", limit,
             "what evaluate keeps for backward is added to instead of replaced.",
             [&] { return gradient_after_other_evaluate(subject); });
    list.run("derivatives of 0 give no gradient", 0,
             "backward adds something of its own: weight decay, a regulariser, a constant.",
             [&] { return gradient_of_nothing(subject); });
    list.run("zero_gradient clears the gradient", 0, "a part of the parameters is forgotten: a bias, the value head.",
             [&] { return gradient_after_zero(subject); });
    if constexpr (inspectable<typename Subject::policy>)
        list.run("gradient_norm is the length of the gradient", limit,
                 "the square root is missing, or a part of the parameters: clipping would work with a wrong length.",
                 [&] { return gradient_norm_and_gradient(subject); });
}

}  // namespace reft::inline REFT_ABI::detail
