// Checks of what a policy says about tokens: finite, repeatable, a distribution, at the temperature that was asked for.
#pragma once

#include <reft/testing/next_token.hpp>
#include <reft/testing/policy_subject.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI::detail {

/// Whether a policy can be made and scored at all.
template <class Subject>
bool check_making(checklist& list, Subject& subject) {
    return list.run("make() gives the same policy every time", subject.tolerances().outputs,
                    "parameters are initialised from a clock or a shared generator, memory is not initialised, or "
                    "dropout is on.",
                    [&] {
                        auto a = subject.as_made(), b = subject.as_made();
                        const token_batch batch = subject.batch();
                        largest_finding largest;
                        note_difference(largest, "of a second policy", batch, scores_of(b, batch), scores_of(a, batch));
                        return largest.result();
                    });
}

template <class Subject>
finding scores_not_finite(Subject& subject) {
    auto policy = subject.made();
    violations wrong;
    for (const double temperature : subject.temperatures()) {
        const token_batch batch = subject.batch(temperature);
        const auto scores = scores_of(policy, batch);
        for (const auto& [name, numbers] :
             {std::pair{"log-probs", &scores.log_probs}, {"entropies", &scores.entropies}, {"values", &scores.values}})
            for (std::size_t i = 0; i < numbers->size(); ++i)
                wrong.note(!std::isfinite((*numbers)[i]), [&, n = name, x = numbers] {
                    return "At temperature " + figure(temperature) + ", entry " + std::to_string(i) + " of the " + n +
                           " is " + figure(static_cast<double>((*x)[i])) + ".";
                });
    }
    return wrong.result();
}

/// A policy that says the same of every token would pass most checks without being examined.
template <class Subject>
finding tokens_scored_alike(Subject& subject) {
    auto policy = subject.made();
    const auto scores = scores_of(policy, subject.batch());
    std::size_t alike = 0;
    for (const auto x : scores.log_probs) alike += deviation(x, scores.log_probs[0]) <= subject.tolerances().outputs;
    const double share = static_cast<double>(alike) / static_cast<double>(scores.log_probs.size());
    return {share, "The log-probs of " + std::to_string(alike) + " of " + std::to_string(scores.log_probs.size()) +
                       " tokens are " + figure(static_cast<double>(scores.log_probs[0])) + "."};
}

template <class Subject>
finding repeated_scores(Subject& subject) {
    auto policy = subject.made();
    const token_batch batch = subject.batch();
    const auto first = scores_of(policy, batch);
    largest_finding largest;
    note_difference(largest, "scored again", batch, scores_of(policy, batch), first);
    scores_of(policy, batch_of_rows(random_rows(subject.options(), 1), subject.options().temperature));
    note_difference(largest, "scored after another batch", batch, scores_of(policy, batch), first);
    return largest.result();
}

/// Calls body(policy, context, temperature) for as many contexts as may be enumerated.
template <class Subject, class Body>
void for_enumerated_contexts(Subject& subject, const std::vector<double>& temperatures, Body&& body) {
    auto policy = subject.made();
    const auto contexts = some_contexts(subject.rows());
    const std::size_t every = enumerated_every(contexts.size() * 2, subject.options());
    for (std::size_t i = 0; i < contexts.size(); i += every)
        for (const double temperature : temperatures) body(policy, contexts[i], temperature);
}

inline std::string after_context(const id_list& context, double temperature) {
    return "After " + ids_text(context) + ", at temperature " + figure(temperature) + ", ";
}

template <class Subject>
finding sums_of_probabilities(Subject& subject) {
    const std::int64_t vocabulary = subject.options().vocabulary;
    largest_finding largest;
    for_enumerated_contexts(subject, subject.temperatures(),
                            [&](auto& policy, const id_list& context, double temperature) {
                                const double sum = next_token_after(policy, context, temperature, vocabulary).sum();
                                largest.note(std::abs(sum - 1), [&] {
                                    return after_context(context, temperature) + "the probabilities of ids 0 to " +
                                           std::to_string(vocabulary - 1) + " sum to " + figure(sum) + ".";
                                });
                            });
    return largest.result();
}

template <class Subject>
finding entropies_of_probabilities(Subject& subject) {
    largest_finding largest;
    for_enumerated_contexts(
        subject, subject.temperatures(), [&](auto& policy, const id_list& context, double temperature) {
            const next_token next = next_token_after(policy, context, temperature, subject.options().vocabulary);
            for (const double entropy : next.entropies)
                largest.note(deviation(entropy, next.entropy()), [&] {
                    return after_context(context, temperature) + "the entropy is " + figure(entropy) +
                           " but that of the probabilities is " + figure(next.entropy()) + ".";
                });
        });
    return largest.result();
}

/// log p_T(v) − log p_T(0) = (log p(v) − log p(0)) / T, whatever the distributions sum to.
template <class Subject>
finding log_probs_at_temperature(Subject& subject) {
    const policy_check_options& o = subject.options();
    largest_finding largest;
    double at_1 = 0, at_t = 0;
    for_enumerated_contexts(subject, {o.temperature}, [&](auto& policy, const id_list& context, double temperature) {
        const next_token hot = next_token_after(policy, context, 1.0, o.vocabulary);
        const next_token cold = next_token_after(policy, context, temperature, o.vocabulary);
        for (std::size_t id = 1; id < hot.log_probs.size(); ++id) {
            const double difference = hot.log_probs[id] - hot.log_probs[0],
                         got = cold.log_probs[id] - cold.log_probs[0];
            at_1 += difference * difference;
            at_t += difference * got;
            largest.note(deviation(got, difference / temperature), [&] {
                return after_context(context, temperature) + "log p(" + std::to_string(id) + ") - log p(0) is " +
                       figure(got) + "; at temperature 1 it is " + figure(difference) +
                       ", divided by the temperature " + figure(difference / temperature) + ".";
            });
        }
    });
    finding found = largest.result();
    const double applied = -std::log(at_t / at_1) / std::log(o.temperature);  // how often
    if (std::abs(applied) < 0.01) found.cause = "batch.temperature is ignored.";
    if (std::abs(applied - 2) < 0.01)
        found.cause = "the temperature is applied twice: logits and hidden states are given at temperature 1.";
    if (std::abs(applied + 1) < 0.01) found.cause = "the logits are multiplied by the temperature, not divided.";
    return found;
}

/// What can be said of any batch.
template <class Subject>
void check_scores(checklist& list, Subject& subject) {
    list.run("scores are finite, one for every response token", 0,
             "a softmax without subtracting the largest logit, a mask of -inf that meets a whole row, or memory that "
             "nothing was written to.",
             [&] { return scores_not_finite(subject); });
    list.run("tokens are scored differently", 0.9,
             "the parameters are all 0, or symmetrical. On such a policy the other checks show little: let make() give "
             "it some noise.",
             [&] { return tokens_scored_alike(subject); });
    list.run(
        "the same batch gets the same scores", subject.tolerances().outputs,
        "dropout is on, or something is left from the evaluate before: a buffer that is added to, a cache of keys.",
        [&] { return repeated_scores(subject); });
}

/// What needs the whole distribution of a token.
template <class Subject>
void check_distributions(checklist& list, Subject& subject) {
    const double limit = subject.tolerances().outputs;
    list.run(
        "probabilities sum to 1", limit,
        "the softmax runs over a padded vocabulary or not over all of it, or options.vocabulary is not that of the "
        "policy.",
        [&] { return sums_of_probabilities(subject); });
    list.run("entropies are those of the probabilities", limit,
             "the sign, logarithms to base 2, or an entropy that is taken at temperature 1.",
             [&] { return entropies_of_probabilities(subject); });
    list.run("log-probs are taken at the temperature of the batch", limit,
             "the temperature reaches only a part of the distribution.",
             [&] { return log_probs_at_temperature(subject); });
}

}  // namespace reft::inline REFT_ABI::detail
