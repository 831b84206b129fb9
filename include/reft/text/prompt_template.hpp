// How a question becomes a prompt, and a worked solution the text to be learnt.
#pragma once

#include <reft/text/number.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace reft::inline REFT_ABI {

/// The words around question, chain of thought and answer. As it is by default, for natural language (N-CoT):
///
///     Question:
///     <question>
///     Answer reasoning:
///     <chain of thought>
///     Therefore, the answer is: <answer>
///
/// The prompt ends with the line break after "Answer reasoning:"; the target begins behind it. program_template() has
/// the words for programs.
///
/// Source    the paper's code, train_rl_reft.py (setup_cot, tokenize_fn).
struct prompt_template {
    std::string instruction = "Question:\n";                      ///< in front of the question
    std::string reasoning_trigger = "\nAnswer reasoning:\n";      ///< behind the question; ends the prompt
    std::string answer_trigger = "\nTherefore, the answer is: ";  ///< empty: the answer is not written
    /// What every response is made to begin with, {question} being the question: it is the end of the prompt.
    std::string response_head = {};

    /// What the model is given; white space around the question is stripped.
    std::string prompt(std::string_view question) const {
        std::string text = instruction;
        text.append(detail::stripped(question)).append(reasoning_trigger);
        return text.append(head(question));
    }

    /// What every response to a question is made to begin with. Head and response together are what the model answered.
    std::string head(std::string_view question) const {
        static constexpr std::string_view place = "{question}";
        const std::size_t at = response_head.find(place);
        if (at == std::string::npos) return response_head;
        std::string text = response_head.substr(0, at);
        text.append(detail::stripped(question));
        return text.append(response_head, at + place.size(), std::string::npos);
    }

    /// What the model learns to write; white space around both parts is stripped. Where the chain of thought
    /// states the answer in its own words, the text states it twice, as in the paper's code.
    std::string target(std::string_view chain_of_thought, std::string_view answer) const {
        std::string text(detail::stripped(chain_of_thought));
        if (!answer_trigger.empty()) text.append(answer_trigger).append(detail::stripped(answer));
        return text;
    }
};

/// Who writes the first two lines of a program.
enum class program_head {
    written,  ///< the model, as in the paper's SFT
    given     ///< the prompt, as where the paper's code samples, in reinforcement and for votes
};

/// The paper's words for programs (P-CoT): the chain of thought is a Python function, and nothing follows it.
///
///     Question:
///     <question>
///     Answer reasoning:
///     def solution():
///         """<question>"""
///         <program>
///
/// Source    the paper's code, train_rl_reft.py (tokenize_fn), sampling.py.
inline prompt_template program_template(program_head head = program_head::given) {
    prompt_template form;
    form.answer_trigger.clear();
    if (head == program_head::given) form.response_head = "def solution():\n    \"\"\"{question}\"\"\"\n";
    return form;
}

}  // namespace reft::inline REFT_ABI
