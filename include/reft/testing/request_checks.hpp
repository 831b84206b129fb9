// What a sampler is asked for, and whether its trajectories keep to it.
#pragma once

#include <reft/policy/generation_request.hpp>
#include <reft/policy/trajectory.hpp>
#include <reft/testing/check_rows.hpp>
#include <reft/testing/checklist.hpp>
#include <reft/testing/policy_check_options.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI::detail {

/// Many prompts of different lengths, whose row numbers are not their places.
inline std::vector<generation_prompt> random_prompts(const policy_check_options& o) {
    random_stream stream(o.seed, random_purpose::data, 2);
    std::vector<generation_prompt> prompts;
    for (std::int64_t i = 0; i < o.prompts; ++i) {
        auto ids = random_ids(random_length(1, o.longest_prompt, stream), o.vocabulary, stream);
        prompts.push_back({std::move(ids), static_cast<std::uint32_t>(100 + 3 * i), i / 2});
    }
    return prompts;
}

/// One id in six ends a response: rows end at different times, and some at the limit.
inline generation_request request_for(const policy_check_options& o, const sampling_options& sampling) {
    generation_request request{.sampling = sampling, .max_new_tokens = o.longest_response, .seed = o.seed, .step = 3};
    for (std::int64_t id = 0; id < o.vocabulary; id += 6) request.stop.push_back(static_cast<token_id>(id));
    return request;
}

/// Everything as it comes at temperature 1; another temperature with top-k; greedy.
inline std::vector<sampling_options> sampling_ways(const policy_check_options& o) {
    return {{}, {.temperature = o.temperature, .top_k = 3}, {.greedy = true}};
}

template <class Policy>
std::vector<trajectory> sampled(Policy& policy, const std::vector<generation_prompt>& prompts,
                                const generation_request& request) {
    return policy.sample(std::span<const generation_prompt>(prompts), request);
}

inline void note_broken_request(violations& wrong, const generation_prompt& p, const generation_request& request,
                                const trajectory& t, std::int64_t vocabulary) {
    const auto note = [&](bool broken, const char* what) {
        wrong.note(broken, [&] { return "The trajectory of row " + std::to_string(p.row) + " " + what + "."; });
    };
    const auto stops = [&](token_id id) {
        return std::find(request.stop.begin(), request.stop.end(), id) != request.stop.end();
    };
    const auto length = static_cast<std::int64_t>(t.response.size());
    note(t.prompt != p.ids, "has another prompt");
    note(t.group != p.group, "has another group");
    note(t.temperature != (request.sampling.greedy ? 1.0 : request.sampling.temperature), "has another temperature");
    note(length == 0 || length > request.max_new_tokens, "has no token, or more than max_new_tokens");
    note(!t.log_probs.empty() && t.log_probs.size() != t.response.size(), "has not one entry of log_probs per token");
    note(std::any_of(t.response.begin(), t.response.end(), [&](token_id id) { return id < 0 || id >= vocabulary; }),
         "has an id that is not in the vocabulary");
    if (length == 0) return;
    note(std::any_of(t.response.begin(), t.response.end() - 1, stops), "goes on after a stop token");
    note(stops(t.response.back()) != (t.finish == finish_reason::stop),
         "says that it ended for another reason than it did");
    note(!stops(t.response.back()) && length < request.max_new_tokens,
         "ends without a stop token, before max_new_tokens");
}

template <class Subject>
finding broken_requests(Subject& subject) {
    auto policy = subject.made();
    const auto prompts = random_prompts(subject.options());
    violations wrong;
    for (const sampling_options& way : sampling_ways(subject.options())) {
        const generation_request request = request_for(subject.options(), way);
        const auto trajectories = sampled(policy, prompts, request);
        wrong.note(trajectories.size() != prompts.size(),
                   [] { return "There is not one trajectory for every prompt."; });
        for (std::size_t i = 0; i < std::min(prompts.size(), trajectories.size()); ++i)
            note_broken_request(wrong, prompts[i], request, trajectories[i], subject.options().vocabulary);
    }
    return wrong.result();
}

}  // namespace reft::inline REFT_ABI::detail
