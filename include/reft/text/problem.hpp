// A problem of a data set, and what the paper makes of it: a prompt and the text to imitate.
#pragma once

#include <reft/text/prompt_template.hpp>

#include <string>
#include <vector>

namespace reft::inline REFT_ABI {

/// One problem of a data set, whatever file it came from.
struct problem {
    std::string id = {};                    ///< the file's, or its name and the number of the record: gsm8k_0
    std::string question = {};              ///< as the prompt asks it; where there are options, they are its last line
    std::vector<std::string> options = {};  ///< the choices without their letters, the first one is a; often none
    std::string chain_of_thought = {};      ///< worked solution, in words or a program; empty in test sets
    std::string gold = {};                  ///< the right answer, for gold_answer
};

/// What a chain of thought is made of.
enum class thought_form {
    natural_language,  ///< N-CoT: sentences, and the answer behind a trigger
    program,           ///< P-CoT: a Python function, and nothing behind it
};

/// The words around a problem: prompt_template{} for sentences, program_template(head) for programs.
inline prompt_template template_of(thought_form form, program_head head = program_head::written) {
    return form == thought_form::program ? program_template(head) : prompt_template{};
}

/// A prompt and what the model learns to write behind it, as texts.
struct worked_example {
    std::string prompt = {};  ///< read, not learnt
    std::string target = {};  ///< learnt; the tokenizer's end of sequence follows
};

/// An example of supervised fine-tuning.
///
///     Question:
///     <question>
///     Answer reasoning:
///     <chain of thought>
///     Therefore, the answer is: <gold>
///
/// without the last line for programs. A chain of thought that states the answer in its own words keeps them.
///
/// Source    the paper's code, train_sft_model.py (tokenize_fn).
inline worked_example worked_example_of(const problem& p, const prompt_template& words) {
    return {.prompt = words.prompt(p.question), .target = words.target(p.chain_of_thought, p.gold)};
}

}  // namespace reft::inline REFT_ABI
