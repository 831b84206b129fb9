// Checks of a sampler's random numbers: they belong to (seed, step, row), and tokens come as often as they are probable.
#pragma once

#include <reft/testing/sampling_checks.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace reft::inline REFT_ABI::detail {

template <class Subject>
finding responses_beside_others(Subject& subject) {
    auto policy = subject.made();
    auto prompts = random_prompts(subject.options());
    const generation_request request = request_for(subject.options(), {});
    const auto all = sampled(policy, prompts, request);
    violations wrong;
    const auto note = [&](const trajectory& now, std::size_t i, const char* when) {
        wrong.note(now.response != all[i].response, [&] {
            return "Prompt " + std::to_string(i) + " of " + std::to_string(prompts.size()) + " gets " +
                   ids_text(all[i].response) + " among the others, but " + ids_text(now.response) + " " + when + ".";
        });
    };
    for (const std::size_t i : {std::size_t{0}, prompts.size() / 2, prompts.size() - 1})
        note(sampled(policy, {prompts[i]}, request).at(0), i, "alone");
    std::reverse(prompts.begin(), prompts.end());
    const auto reversed = sampled(policy, prompts, request);
    for (std::size_t i = 0; i < prompts.size(); ++i)
        note(reversed.at(prompts.size() - 1 - i), i, "with the prompts in reverse");
    return wrong.result();
}

/// The share of responses that stay the same when seed, step or row of the request is another one.
template <class Subject>
finding responses_that_stay(Subject& subject) {
    auto policy = subject.made();
    const auto prompts = random_prompts(subject.options());
    const generation_request request = request_for(subject.options(), {});
    const auto before = sampled(policy, prompts, request);
    double uncertain = 0;  // if the policy has no choice, nothing can change
    for (const double entropy : scores_of(policy, batch_of(before)).entropies) uncertain = std::max(uncertain, entropy);
    if (uncertain < 0.1) return nothing_measured("The policy is certain of every token.");

    auto other_seed = request, other_step = request;
    auto other_rows = prompts;
    ++other_seed.seed;
    ++other_step.step;
    for (generation_prompt& p : other_rows) p.row += 10000;
    largest_finding largest;
    const auto note = [&](const char* what, const std::vector<trajectory>& now) {
        std::size_t same = 0;
        for (std::size_t i = 0; i < now.size(); ++i) same += now[i].response == before[i].response;
        largest.note(static_cast<double>(same) / static_cast<double>(before.size()), [&] {
            return std::to_string(same) + " of " + std::to_string(before.size()) +
                   " responses are the same with another " + what + ".";
        });
    };
    note("seed", sampled(policy, prompts, other_seed));
    note("step", sampled(policy, prompts, other_step));
    note("row number", sampled(policy, other_rows, request));
    return largest.result();
}

/// How often each token is drawn, in standard deviations from its probability. Tokens that are expected fewer than five
/// times are taken together.
template <class Subject>
finding frequencies(Subject& subject) {
    const policy_check_options& o = subject.options();
    auto policy = subject.made();
    const id_list context = subject.rows()[0].prompt;
    const next_token next = next_token_after(policy, context, o.temperature, o.vocabulary);
    std::vector<generation_prompt> prompts;
    for (std::int64_t i = 0; i < o.draws; ++i) prompts.push_back({context, static_cast<std::uint32_t>(i), 0});
    generation_request request = request_for(o, {.temperature = o.temperature});
    request.max_new_tokens = 1;
    std::vector<double> drawn(next.log_probs.size());
    for (const trajectory& t : sampled(policy, prompts, request))
        ++drawn.at(static_cast<std::size_t>(t.response.at(0)));

    const auto draws = static_cast<double>(o.draws);
    largest_finding largest;
    const auto note = [&](const std::string& what, double p, double n) {
        if (p * draws < 1e-3 && n == 0) return;
        const double variance = std::max(draws * p * (1 - p), 1.0);
        largest.note(std::abs(n - draws * p) / std::sqrt(variance), [&] {
            return what + " came " + figure(n) + " times in " + figure(draws) + " draws after " + ids_text(context) +
                   " at temperature " + figure(o.temperature) + "; " + figure(draws * p) + " were to be expected.";
        });
    };
    double rare_p = 0, rare_n = 0;
    for (std::size_t id = 0; id < drawn.size(); ++id) {
        const double p = next.probability(id);
        if (p * draws >= 5) {
            note("Id " + std::to_string(id), p, drawn[id]);
        } else {
            rare_p += p;
            rare_n += drawn[id];
        }
    }
    note("One of the improbable ids", std::min(rare_p, 1.0), rare_n);
    return largest.result();
}

template <class Subject>
void check_randomness(checklist& list, Subject& subject) {
    list.run("a response does not depend on what is sampled beside it", 0,
             "random numbers are taken in turn from one generator instead of reft::uniform(seed, {sampling, step, row, "
             "position}), or logits depend on the rows beside them.",
             [&] { return responses_beside_others(subject); });
    list.run("seed, step and row number change the responses", 0.99,
             "one of them does not reach the random numbers: every step would sample the same responses again.",
             [&] { return responses_that_stay(subject); });
    list.run(
        "tokens are drawn as often as they are probable", 5,
        "the temperature is not applied to what is drawn from, or the same random number is used twice. The figure "
        "is in standard deviations.",
        [&] { return frequencies(subject); });
}

}  // namespace reft::inline REFT_ABI::detail
