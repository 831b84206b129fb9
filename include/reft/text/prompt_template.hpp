// How a question becomes a prompt, and a worked solution the text to be learnt.
#pragma once

#include <reft/text/number.hpp>

#include <string>
#include <string_view>

namespace reft::inline REFT_ABI {

/// The words around question, chain of thought and answer.
///
///     Question:
///     <question>
///     Answer reasoning:
///     <chain of thought>
///     Therefore, the answer is: <answer>
///
/// The prompt ends with the line break after "Answer reasoning:"; the target begins behind it.
///
/// Source    the paper's code, train_rl_reft.py (setup_cot, tokenize_fn).
struct prompt_template {
    std::string instruction = "Question:\n";
    std::string reasoning_trigger = "\nAnswer reasoning:\n";
    std::string answer_trigger = "\nTherefore, the answer is: ";

    /// What the model is given; white space around the question is stripped.
    std::string prompt(std::string_view question) const {
        return joined(instruction, detail::stripped(question), reasoning_trigger);
    }

    /// What the model learns to write; white space around both parts is stripped. Where the chain of thought
    /// states the answer in its own words, the text states it twice, as in the paper's code.
    std::string target(std::string_view chain_of_thought, std::string_view answer) const {
        return joined(detail::stripped(chain_of_thought), answer_trigger, detail::stripped(answer));
    }

  private:
    static std::string joined(std::string_view a, std::string_view b, std::string_view c) {
        std::string text;
        text.reserve(a.size() + b.size() + c.size());
        return text.append(a).append(b).append(c);
    }
};

}  // namespace reft::inline REFT_ABI
