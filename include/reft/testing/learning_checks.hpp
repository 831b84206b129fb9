// Checks of the optimiser: a step along the gradient lowers the loss, and its scale is heeded.
#pragma once

#include <reft/loss/clipped_value.hpp>
#include <reft/testing/gradient_checks.hpp>
#include <reft/testing/linear_loss.hpp>
#include <reft/testing/policy_subject.hpp>
#include <reft/testing/row_checks.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace reft::inline REFT_ABI::detail {

/// The learning rates that are tried: how large a step is small is not known of an optimiser.
inline std::vector<double> tried_learning_rates(const policy_check_options& o) {
    return {10 * o.learning_rate, o.learning_rate, o.learning_rate / 10, o.learning_rate / 100, o.learning_rate / 1000};
}

template <class Policy>
void take_step(Policy& policy, const gradient_question& question, const policy_check_options& o, bool has_values,
               double learning_rate) {
    policy.zero_gradient();
    add_gradient(policy, question, o.seed, has_values);
    policy.optimizer_step(learning_rate, 1.0);
}

/// The change of the loss by one step, at the learning rate that lowers it most.
template <class Subject>
finding loss_after_step(Subject& subject, loss_part part) {
    const policy_check_options& o = subject.options();
    const gradient_question question{subject.rows(), {part}, o.temperature};
    finding best{std::numeric_limits<double>::infinity()};
    for (const double rate : tried_learning_rates(o)) {
        auto policy = subject.made();
        const double before = linear_loss(policy, question, o.seed);
        take_step(policy, question, o, subject.has_values(), rate);
        const double after = linear_loss(policy, question, o.seed),
                     change = (after - before) / std::max(1.0, std::abs(before));
        if (!(change < best.measured)) continue;
        best = {change, "A sum of " + std::string(text_of(part)) + " as loss goes from " + figure(before) + " to " +
                            figure(after) + " by one step with learning rate " + figure(rate) +
                            "; of five rates this did best."};
    }
    if (best.where.empty()) best.where = "The loss is not a number after a step with any of five learning rates.";
    return best;
}

/// Adam's first step does not depend on the scale of the gradient, so the second one is examined.
template <class Subject>
finding steps_of_scaled_gradients(Subject& subject) {
    const policy_check_options& o = subject.options();
    const gradient_question first{subject.rows()}, second{random_rows(o, 1)};
    gradient_question quarter = second;
    quarter.scale = 0.25;
    const double rate = o.learning_rate / 10;
    auto whole = subject.made(), scaled = subject.made();
    take_step(whole, first, o, subject.has_values(), rate);
    take_step(scaled, first, o, subject.has_values(), rate);
    take_step(whole, second, o, subject.has_values(), rate);
    scaled.zero_gradient();
    add_gradient(scaled, quarter, o.seed, subject.has_values());
    scaled.optimizer_step(rate, 4.0);

    const token_batch batch = subject.batch();
    largest_finding largest;
    note_difference(largest, "after a step along four times a quarter of the gradient", batch, scores_of(scaled, batch),
                    scores_of(whole, batch));
    return largest.result();
}

/// ½ Σ (V − R)² after ten steps on it alone, as a share of what it was, at the learning rate that does best.
template <class Subject>
finding values_after_steps(Subject& subject) {
    using T = typename Subject::scalar;
    const policy_check_options& o = subject.options();
    const token_batch batch = subject.batch();
    const auto tokens = static_cast<std::size_t>(batch.response_tokens());
    const std::vector<T> zeros(tokens), ones(tokens, T(1));
    const linear_policy_loss<T> no_policy_loss{zeros, zeros};
    double best = std::numeric_limits<double>::infinity();
    for (const double rate : tried_learning_rates(o)) {
        auto policy = subject.made();
        const std::vector<T> old = scores_of(policy, batch).values;
        std::vector<T> returns = old;
        for (T& r : returns) r += T(1);
        const auto loss = clipped_value(old, returns, {.clip_range = 1e6});
        double before = 0, now = 0;
        for (int step = 0; step <= 10; ++step) {
            policy.zero_gradient();
            now = policy_pass(policy, serial()).accumulate_gradient(batch, no_policy_loss, loss, ones).value.loss;
            if (step == 0) before = now;
            policy.optimizer_step(rate, 1.0);
        }
        best = std::min(best, now / before);
    }
    return {best,
            "Ten steps on the value loss alone leave " + figure(best) + " of it at the best of five learning rates."};
}

template <class Subject>
void check_learning(checklist& list, Subject& subject) {
    const double limit = -subject.tolerances().outputs;
    const char* const cause =
        "the sign of the gradient or of the step, or optimizer_step does not move the parameters that evaluate reads.";
    list.run("a step along the gradient of log-probs lowers them", limit, cause,
             [&] { return loss_after_step(subject, loss_part::log_probs); });
    list.run("a step along the gradient of entropies lowers them", limit,
             "d_entropies is ignored, or has the other sign.",
             [&] { return loss_after_step(subject, loss_part::entropies); });
    list.run("optimizer_step heeds gradient_scale", subject.tolerances().outputs,
             "gradient_scale is ignored: gradients would not be clipped.",
             [&] { return steps_of_scaled_gradients(subject); });
}

template <class Subject>
void check_values(checklist& list, Subject& subject) {
    const auto value = [](const auto& row, std::size_t t) { return row.value(t); };
    list.run("every value sees the token before it", 0.5,
             "values are taken one position too early, or from the prompt alone, or the value head is still 0: let "
             "make() give it some noise.",
             [&] { return tokens_blind_to_the_last(subject, "value", value); });
    check_gradients(list, subject, loss_part::values);
    const char* const learn = "values learn: ten steps lower their loss";
    if constexpr (optimizable<typename Subject::policy>)
        list.run(learn, 0.9,
                 "d_values is ignored or detached, or the value head is not among the parameters of the optimiser.",
                 [&] { return values_after_steps(subject); });
    else
        list.leave_out(learn, "The policy is not optimizable.");
}

}  // namespace reft::inline REFT_ABI::detail
