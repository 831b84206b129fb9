// How many questions a policy answers right.
#pragma once

#include <reft/policy/concepts.hpp>
#include <reft/reward/answer_reward.hpp>
#include <reft/text/prompt_template.hpp>
#include <reft/text/tokenizer.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reft::inline REFT_ABI {

/// Shares are of the questions with a verdict.
struct evaluation {
    std::int64_t questions = 0;  ///< with a verdict
    double accuracy = 0;         ///< share answered right
    double answered = 0;         ///< share with any answer
    double truncated = 0;        ///< share of responses cut at the limit
    double response_length = 0;  ///< mean, tokens
    std::int64_t tokens = 0;     ///< positions that went through the policy
};

/// Prompts for questions, `samples` each, with the row numbers that their random numbers belong to.
template <tokenizer Tokenizer>
std::vector<generation_prompt> prompts_for(std::span<const question> questions, const Tokenizer& tokenizer,
                                           const prompt_template& form, std::int64_t samples = 1) {
    std::vector<generation_prompt> prompts;
    for (std::size_t q = 0; q < questions.size(); ++q) {
        generation_prompt p;
        if (const std::optional<token_id> begin = tokenizer.begin_of_sequence()) p.ids.push_back(*begin);
        for (const token_id id : tokenizer.encode(form.prompt(questions[q].text))) p.ids.push_back(id);
        p.group = static_cast<std::int64_t>(q);
        for (std::int64_t s = 0; s < samples; ++s) {
            p.row = static_cast<std::uint32_t>(prompts.size());
            prompts.push_back(p);
        }
    }
    return prompts;
}

/// The text of each response, special tokens left out.
template <tokenizer Tokenizer>
std::vector<std::string> texts_of(std::span<const trajectory> trajectories, const Tokenizer& tokenizer) {
    std::vector<std::string> texts;
    for (const trajectory& t : trajectories) texts.push_back(tokenizer.decode(t.response));
    return texts;
}

/// What the model answered: the head that its prompt ended with, and the text of the response. Trajectory i answers
/// question i.
template <tokenizer Tokenizer>
std::vector<std::string> answers_of(std::span<const question> questions, std::span<const trajectory> trajectories,
                                    const Tokenizer& tokenizer, const prompt_template& form) {
    std::vector<std::string> answers = texts_of(trajectories, tokenizer);
    for (std::size_t i = 0; i < answers.size(); ++i) answers[i].insert(0, form.head(questions[i].text));
    return answers;
}

/// Throws shape_error if a sampler did not give one response for each prompt.
inline void require_one_response_each(std::string_view function, std::size_t responses, std::size_t prompts) {
    if (responses == prompts) return;
    throw shape_error(std::string(function) + ": the policy gave " + std::to_string(responses) + " responses to " +
                      std::to_string(prompts) + " prompts");
}

/// Throws shape_error if a reward function did not give one verdict, or an empty one, for each response.
inline void require_one_verdict_each(std::string_view function, std::size_t verdicts, std::size_t responses) {
    if (verdicts == responses) return;
    throw shape_error(std::string(function) + ": the reward function gave " + std::to_string(verdicts) +
                      " verdicts for " + std::to_string(responses) + " responses");
}

/// Samples one response to each question and judges it. The request decides whether that is greedy.
template <sampler P, tokenizer Tokenizer, reward_function Reward>
evaluation evaluate_answers(P& policy, std::span<const question> questions, const Tokenizer& tokenizer,
                            const prompt_template& form, Reward& reward_of, const generation_request& request) {
    const std::vector<generation_prompt> prompts = prompts_for(questions, tokenizer, form);
    const std::vector<trajectory> trajectories = policy.sample(std::span<const generation_prompt>(prompts), request);
    require_one_response_each("evaluate_answers", trajectories.size(), questions.size());
    const std::vector<std::string> answers = answers_of(questions, trajectories, tokenizer, form);
    const std::vector<std::optional<reward>> rewards = reward_of(questions, std::span<const std::string>(answers));
    require_one_verdict_each("evaluate_answers", rewards.size(), trajectories.size());
    evaluation result;
    for (std::size_t i = 0; i < rewards.size(); ++i) {
        result.tokens += static_cast<std::int64_t>(trajectories[i].prompt.size() + trajectories[i].response.size());
        if (!rewards[i]) continue;
        ++result.questions;
        result.accuracy += rewards[i]->correct;
        result.answered += rewards[i]->found.found.has_value();
        result.truncated += trajectories[i].truncated();
        result.response_length += static_cast<double>(trajectories[i].response.size());
    }
    if (result.questions > 0)
        for (double* share : {&result.accuracy, &result.answered, &result.truncated, &result.response_length})
            *share /= static_cast<double>(result.questions);
    return result;
}

}  // namespace reft::inline REFT_ABI
