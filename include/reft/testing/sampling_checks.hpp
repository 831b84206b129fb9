// Checks of a sampler: it keeps to the request, and its log-probs are those of evaluate, with a KV cache or without.
#pragma once

#include <reft/policy/trajectory.hpp>
#include <reft/testing/next_token.hpp>
#include <reft/testing/policy_subject.hpp>
#include <reft/testing/request_checks.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace reft::inline REFT_ABI::detail {

/// Calls body(policy, context, trajectory, t) for as many sampled tokens as may be enumerated.
template <class Subject, class Body>
void for_enumerated_samples(Subject& subject, const sampling_options& way, Body&& body) {
    auto policy = subject.made();
    const auto trajectories = sampled(policy, random_prompts(subject.options()), request_for(subject.options(), way));
    std::size_t tokens = 0, at = 0;
    for (const trajectory& t : trajectories) tokens += t.response.size();
    const std::size_t every = enumerated_every(tokens, subject.options());
    for (const trajectory& t : trajectories) {
        id_list context = t.prompt;
        for (std::size_t i = 0; i < t.response.size(); ++i) {
            if (at++ % every == 0) body(policy, context, t, i);
            context.push_back(t.response[i]);
        }
    }
}

template <class Subject>
finding greedy_tokens(Subject& subject) {
    const std::int64_t vocabulary = subject.options().vocabulary;
    largest_finding largest;
    for_enumerated_samples(subject, {.greedy = true},
                           [&](auto& policy, const id_list& context, const trajectory& t, std::size_t i) {
                               const next_token next = next_token_after(policy, context, 1.0, vocabulary);
                               const double best = next.log_prob_at_place(0);
                               const double chosen = next.log_probs.at(static_cast<std::size_t>(t.response[i]));
                               largest.note(best - chosen, [&] {
                                   return "After " + ids_text(context) + ", response token " + std::to_string(i) +
                                          ", id " + std::to_string(t.response[i]) + " was chosen, whose log-prob is " +
                                          figure(chosen) + "; the largest is " + figure(best) + ".";
                               });
                           });
    return largest.result();
}

/// Which tokens of the trajectories are compared.
enum class sampled_tokens { first, later, all };

/// The sampler's log-probs against those that evaluate gives the same tokens at `temperature`.
template <class Subject>
finding sampler_against_evaluate(Subject& subject, const sampling_options& way, float sampled_log_probs::*kind,
                                 double temperature, sampled_tokens which) {
    auto policy = subject.made();
    const auto trajectories = sampled(policy, random_prompts(subject.options()), request_for(subject.options(), way));
    token_batch batch;
    batch.temperature = temperature;
    for (const trajectory& t : trajectories) batch.add(t.prompt, t.response);
    const auto scores = scores_of(policy, batch);
    largest_finding largest;
    std::size_t compared = 0;
    for (std::size_t b = 0; b < trajectories.size(); ++b) {
        const trajectory& t = trajectories[b];
        const scored_row row(scores, batch, b);
        const std::size_t begin = which == sampled_tokens::later ? 1 : 0;
        const std::size_t end = std::min(which == sampled_tokens::first ? 1 : t.response.size(), t.log_probs.size());
        for (std::size_t i = begin; i < end; ++i, ++compared) {
            const auto given = static_cast<double>(t.log_probs[i].*kind);
            largest.note(deviation(given, row.log_prob(i)), [&] {
                return "Prompt " + std::to_string(b) + " of " + std::to_string(trajectories.size()) + ", of " +
                       std::to_string(t.prompt.size()) + " tokens, response token " + std::to_string(i) +
                       ": the sampler says " + figure(given) + ", evaluate at temperature " + figure(temperature) +
                       " says " + figure(row.log_prob(i)) + ".";
            });
        }
    }
    return compared > 0 ? largest.result() : nothing_measured("The sampler's trajectories have no log-probs.");
}

/// With top-k: the probability at the temperature, divided by the sum of the k largest.
template <class Subject>
finding log_probs_as_sampled(Subject& subject) {
    const policy_check_options& o = subject.options();
    const sampling_options way = sampling_ways(o)[1];
    const auto kept = static_cast<std::size_t>(std::min(way.top_k, o.vocabulary));
    bool any = false;
    largest_finding largest;
    for_enumerated_samples(subject, way, [&](auto& policy, const id_list& context, const trajectory& t, std::size_t i) {
        if (t.log_probs.size() != t.response.size()) return;
        any = true;
        const next_token next = next_token_after(policy, context, way.temperature, o.vocabulary);
        double sum = 0;
        for (std::size_t place = 0; place < kept; ++place) sum += std::exp(next.log_prob_at_place(place));
        const double of_token = next.log_probs.at(static_cast<std::size_t>(t.response[i]));
        const double excluded = std::max(0.0, next.log_prob_at_place(kept - 1) - of_token);
        const auto given = static_cast<double>(t.log_probs[i].as_sampled);
        largest.note(std::max(excluded, deviation(given, of_token - std::log(sum))), [&] {
            return "With top_k " + std::to_string(kept) + ", after " + ids_text(context) + ": id " +
                   std::to_string(t.response[i]) + " is given log-prob " + figure(given) + " as sampled, not " +
                   figure(of_token - std::log(sum)) +
                   (excluded > 0 ? ", and is not among the " + std::to_string(kept) + " most probable." : ".");
        });
    });
    return any ? largest.result() : nothing_measured("The sampler's trajectories have no log-probs.");
}

template <class Subject>
void check_sampling(checklist& list, Subject& subject) {
    const double limit = std::max(subject.tolerances().outputs, 1e-6);  // a sampler's log-probs are float
    const auto ways = sampling_ways(subject.options());
    const auto against_evaluate = [&](std::string name, int way, float sampled_log_probs::*kind, double temperature,
                                      sampled_tokens which, std::string cause) {
        list.run(std::move(name), limit, std::move(cause), [&] {
            return sampler_against_evaluate(subject, ways[static_cast<std::size_t>(way)], kind, temperature, which);
        });
    };
    list.run("trajectories keep to the request", 0,
             "the stop token is dropped from the response or not recognised, or a field is not filled in.",
             [&] { return broken_requests(subject); });
    against_evaluate("first log-prob: prefill agrees with evaluate", 0, &sampled_log_probs::raw, 1.0,
                     sampled_tokens::first,
                     "the logits are not those of the prompt's last position, or a row that was dropped left something "
                     "in the cache.");
    against_evaluate("later log-probs: decoding agrees with evaluate", 0, &sampled_log_probs::raw, 1.0,
                     sampled_tokens::later,
                     "positions go on from the wrong place after prefill, keys are written to another row or one place "
                     "off, or a row that was dropped left something in the cache.");
    against_evaluate("raw log-probs are from before temperature and top-k", 1, &sampled_log_probs::raw, 1.0,
                     sampled_tokens::all, "log-probs are taken from the logits that sampling has changed already.");
    against_evaluate("log-probs at the temperature are those of evaluate", 1, &sampled_log_probs::at_temperature,
                     subject.options().temperature, sampled_tokens::all,
                     "top-k is in them already, or the temperature is not.");
    list.run("log-probs as sampled are those within the top-k", limit,
             "they are not divided by what top-k has kept, or top-k counts before the temperature is applied.",
             [&] { return log_probs_as_sampled(subject); });
    list.run("greedy tokens are the most probable ones", limit,
             "sampling.greedy is ignored, or the logits of another row or position are read.",
             [&] { return greedy_tokens(subject); });
}

}  // namespace reft::inline REFT_ABI::detail
