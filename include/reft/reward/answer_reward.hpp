// The reward of a response: is there an answer in it, and is it the right one.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/reward/comparison.hpp>
#include <reft/reward/extract.hpp>
#include <reft/text/answer.hpp>
#include <reft/text/number.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

/// A question and its right answer as the data set writes it.
struct question {
    std::string text = {};  ///< without the words of the prompt around it
    std::string gold = {};  ///< read by gold_answer
};

/// What a response earns, and why.
struct reward {
    double value = 0;       ///< the terminal reward
    extraction found = {};  ///< what was read as the answer, or why nothing was
    bool correct = false;   ///< the answer is the gold one
};

/// Judges responses in a batch: `f(questions, responses)`, response i answers question i. Entry i of the result is
/// empty if there is no verdict; such a sample is left out of training, which differs from a reward of 0.
template <class F>
concept reward_function = requires(F& f, std::span<const question> questions, std::span<const std::string> responses) {
    { f(questions, responses) } -> std::convertible_to<std::vector<std::optional<reward>>>;
};

/// The gold answer of a data set as an answer of `kind`, or nothing if it cannot be read as one.
///
/// Numbers: commas removed, then python_float; infinity and NaN, to which nothing is equal, cannot be read.
/// Options: lower case without quotation marks. All are stripped, and an empty text cannot be read.
///
/// Source    the paper's code, train_rl_reft.py (post_process_final_answer_fn_mapper).
/// Differs   there a gold answer that is no number raises an exception, and one that is infinite is wrong for all.
inline std::optional<answer> gold_answer(std::string_view gold, answer_kind kind) {
    answer read{.kind = kind, .text = std::string(detail::stripped(gold))};
    if (kind == answer_kind::option) read.text = detail::option_text(gold);
    if (kind == answer_kind::number) {
        std::erase(read.text, ',');
        const std::optional<double> value = python_float(detail::stripped(read.text));
        if (!value || !std::isfinite(*value)) return std::nullopt;
        read.number = *value;
    }
    if (read.text.empty()) return std::nullopt;
    return read;
}

/// Which wrong answers earn the partial reward.
enum class partial_credit {
    every_format,  ///< all, as in the paper's code
    numbers_only,  ///< numbers where a number is asked for, as in the paper; all others earn what no answer earns
};

/// The reward of each verdict.
struct answer_reward_options {
    double right = 1.0;                                     ///< the gold answer was found
    double wrong = 0.1;                                     ///< an answer was found, another than the gold one
    double none = 0.0;                                      ///< no answer was found
    partial_credit partial = partial_credit::every_format;  ///< for what `wrong` is given
};

namespace detail {

inline void require_rewards(const char* function, const answer_reward_options& options) {
    for (const double value : {options.right, options.wrong, options.none})
        require_option(is_finite(value), function, "rewards must be finite", value);
}

inline void require_one_response_each(const char* function, std::size_t questions, std::size_t responses) {
    if (questions == responses) return;
    throw shape_error(std::string(function) + ": questions is [" + std::to_string(questions) + "] but responses is [" +
                      std::to_string(responses) + "]");
}

/// The reward of what was found in a response.
template <class Comparison>
reward judged(extraction found, const answer& gold, const Comparison& equal, const answer_reward_options& options) {
    reward result{.value = options.none, .found = std::move(found)};
    if (!result.found.found) return result;
    const answer& said = *result.found.found;
    result.correct = equal(said, gold);
    const bool numbers = said.kind == answer_kind::number && gold.kind == answer_kind::number;
    if (result.correct)
        result.value = options.right;
    else if (numbers || options.partial == partial_credit::every_format)
        result.value = options.wrong;
    return result;
}

}  // namespace detail

/// The terminal reward of ReFT.
///
///   reward = right if comparison(found, gold),  wrong if something else was found,  none if nothing was
///
/// No verdict where the gold answer cannot be read (gold_answer).
///
/// Errors    option_error if an option is not finite. Calls: shape_error if there are not as many responses as
///           questions; what responses and gold answers contain is never an error.
/// Source    ReFT, arXiv:2401.08967: 1, 0.1 and 0.
/// Differs   from the paper, which gives the partial reward only where the answers are numbers:
///           partial_credit::numbers_only. Its code gives it everywhere, as here by default.
template <extractor Extractor, answer_comparison Comparison>
class answer_reward {
  public:
    /// Copies extractor and comparison.
    explicit answer_reward(Extractor extract, Comparison equal, const answer_reward_options& options = {})
        : extract_(std::move(extract)), equal_(std::move(equal)), options_(options) {
        detail::require_rewards("answer_reward", options);
    }

    /// One verdict per response.
    std::vector<std::optional<reward>> operator()(std::span<const question> questions,
                                                  std::span<const std::string> responses) const {
        detail::require_one_response_each("answer_reward", questions.size(), responses.size());
        std::vector<std::optional<reward>> verdicts(responses.size());
        for (std::size_t i = 0; i < responses.size(); ++i) verdicts[i] = verdict(questions[i].gold, responses[i]);
        return verdicts;
    }

    const answer_reward_options& options() const { return options_; }  ///< as given

  private:
    std::optional<reward> verdict(std::string_view gold_text, std::string_view response) const {
        const std::optional<answer> gold = gold_answer(gold_text, equal_.kind);
        if (!gold) return std::nullopt;
        return detail::judged(extract_(response), *gold, equal_, options_);
    }

    Extractor extract_;
    Comparison equal_;
    answer_reward_options options_;
};

/// The data sets of the paper.
enum class mwp_dataset { gsm8k, svamp, mathqa, mathqa_numeric };

/// The comparison of the paper's code for any of its data sets: within_absolute{1e-2} or same_option.
struct mwp_reft_comparison {
    answer_kind kind = answer_kind::number;  ///< number or option

    /// Whether both are of this kind and equal.
    bool operator()(const answer& found, const answer& gold) const {
        return kind == answer_kind::number ? within_absolute{}(found, gold) : same_option{}(found, gold);
    }
};

/// The reward of the paper's code for chains of thought in natural language.
///
/// Source    train_rl_reft.py; what its extraction rules do is said at mwp_reft_number_extractor and
///           mwp_reft_option_extractor.
inline answer_reward<trigger_extractor, mwp_reft_comparison> mwp_reft_reward(mwp_dataset dataset) {
    if (dataset == mwp_dataset::mathqa)
        return answer_reward(mwp_reft_option_extractor(), mwp_reft_comparison{answer_kind::option});
    return answer_reward(mwp_reft_number_extractor(), mwp_reft_comparison{answer_kind::number});
}

}  // namespace reft::inline REFT_ABI
