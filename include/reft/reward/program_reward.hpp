// The reward of a program (P-CoT): does it run, and is its result the right answer.
#pragma once

#include <reft/core/error.hpp>
#include <reft/reward/answer_reward.hpp>
#include <reft/reward/comparison.hpp>
#include <reft/reward/extract.hpp>
#include <reft/reward/program_result.hpp>
#include <reft/text/answer.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

/// Runs programs: `run(programs)`, result i is of program i.
template <class R>
concept program_execution = requires(R& run, std::span<const std::string> programs) {
    { run(programs) } -> std::convertible_to<std::vector<program_result>>;
};

/// What a program earns that ran out of time.
enum class program_timeout {
    no_answer,   ///< the reward of a response without an answer, as in the paper's code
    no_verdict,  ///< no verdict: the machine may have been busy
};

/// How programs are judged.
struct program_reward_options {
    answer_reward_options rewards = {};                    ///< of each verdict
    program_timeout timeout = program_timeout::no_answer;  ///< of a program that ran out of time
};

/// Results and rewards of programs, by response.
struct program_verdicts {
    std::vector<program_result> results = {};         ///< what the programs gave, or why nothing
    std::vector<std::optional<reward>> rewards = {};  ///< what that earns
};

namespace detail {

/// A result in the words of an extraction: how a program failed is said by its result, not here.
inline extraction extraction_of(const program_result& result, answer_kind asked) {
    extraction e{.found = result.found};
    if (e.found && asked == answer_kind::option && e.found->kind != answer_kind::option)
        e.found = answer{.kind = answer_kind::option, .text = option_text(e.found->text)};
    if (result.reason == program_failure::no_result) e.reason = no_answer::empty;
    if (result.reason == program_failure::not_a_number) e.reason = no_answer::not_a_number;
    return e;
}

}  // namespace detail

/// The terminal reward of ReFT for programs: `run` executes the responses, all of a batch in one call, and what they give
/// is compared with the gold answers.
///
///   reward = right if comparison(result, gold),  wrong if there is another result,  none if the program failed
///
/// No verdict where the gold answer cannot be read, where there is no sandbox, and, by option, where time ran out.
/// Where options are asked for, a result counts by its spelling in lower case.
///
/// `run` is copied or moved in: pass std::ref for one that is shared or cannot be moved.
///
/// Errors    option_error if a reward is not finite. Calls: shape_error if there are not as many responses as
///           questions, or as many results as responses; what `run` throws.
/// Source    ReFT, arXiv:2401.08967; the paper's code, train_rl_reft.py (P-CoT).
/// Differs   from the paper's code for mathqa, where a program that fails has the result "none" and earns 0.1.
template <program_execution Run, answer_comparison Comparison>
class program_reward {
  public:
    /// Keeps `run` and comparison.
    explicit program_reward(Run run, Comparison equal, const program_reward_options& options = {})
        : run_(std::move(run)), equal_(std::move(equal)), options_(options) {
        detail::require_rewards("program_reward", options.rewards);
    }

    /// One verdict per response.
    std::vector<std::optional<reward>> operator()(std::span<const question> questions,
                                                  std::span<const std::string> responses) {
        return verdicts(questions, responses).rewards;
    }

    /// The same, and what each program gave.
    program_verdicts verdicts(std::span<const question> questions, std::span<const std::string> responses) {
        detail::require_one_response_each("program_reward", questions.size(), responses.size());
        program_verdicts all{.results = run_(responses)};
        if (all.results.size() != responses.size())
            throw shape_error("program_reward: responses is [" + std::to_string(responses.size()) +
                              "] but the results are [" + std::to_string(all.results.size()) + "]");
        all.rewards.resize(responses.size());
        for (std::size_t i = 0; i < responses.size(); ++i) all.rewards[i] = verdict(questions[i], all.results[i]);
        return all;
    }

    const program_reward_options& options() const { return options_; }  ///< as given

  private:
    std::optional<reward> verdict(const question& asked, const program_result& result) const {
        if (!result.found) {
            if (result.reason == program_failure::no_sandbox) return std::nullopt;
            const bool late = result.reason == program_failure::timeout;
            if (late && options_.timeout == program_timeout::no_verdict) return std::nullopt;
        }
        const std::optional<answer> gold = gold_answer(asked.gold, equal_.kind);
        if (!gold) return std::nullopt;
        return detail::judged(detail::extraction_of(result, gold->kind), *gold, equal_, options_.rewards);
    }

    Run run_;
    Comparison equal_;
    program_reward_options options_;
};

}  // namespace reft::inline REFT_ABI
