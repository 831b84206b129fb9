// Word problems with worked solutions of uneven quality, as people write them.
#pragma once

#include <reft/core/random.hpp>
#include <reft/reward/answer_reward.hpp>
#include <reft/text/char_tokenizer.hpp>
#include <reft/text/prompt_template.hpp>
#include <reft/training/sft.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace arithmetic {

/// “Ann has 37 figs, buys 48, sells 69.” and the number that is left.
struct problem {
    int has = 0, gets = 0, gives = 0;
    std::string text;
    int answer() const { return has + gets - gives; }
};

/// How annotators write their solutions, in shares of all.
struct annotation_mix {
    double answer_only = 0.55;  ///< no chain of thought; the others go step by step
    double mistakes = 0.10;     ///< share of all whose last step, and so their answer, is wrong
};

/// The short form of the paper's prompt that the small model is given.
inline reft::prompt_template prompt_form() {
    return {.instruction = "", .reasoning_trigger = "\n", .answer_trigger = "#"};
}

inline reft::char_tokenizer tokenizer() {
    return reft::char_tokenizer("0123456789+-=,.;# \nabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

inline problem make_problem(reft::random_stream& random) {
    static const std::array<std::string, 6> names = {"Ann", "Bob", "Eva", "Max", "Sam", "Zoe"};
    static const std::array<std::string, 6> things = {"figs", "pens", "eggs", "nuts", "cups", "keys"};
    static const std::array<std::string, 3> gains = {"gets", "buys", "wins"};
    static const std::array<std::string, 3> losses = {"gives", "sells", "loses"};
    const auto one_of = [&](const auto& words) { return words[random.below(words.size())]; };
    problem p;
    p.has = 10 + static_cast<int>(random.below(90));
    p.gets = 10 + static_cast<int>(random.below(90));
    const int most = std::min(99, p.has + p.gets);
    p.gives = 10 + static_cast<int>(random.below(static_cast<std::uint64_t>(most - 9)));
    const std::string name = one_of(names), thing = one_of(things), gain = one_of(gains), loss = one_of(losses);
    p.text = name + " has " + std::to_string(p.has) + " " + thing + ", " + gain + " " + std::to_string(p.gets) + ", " +
             loss + " " + std::to_string(p.gives) + ".";
    return p;
}

/// Tens and units apart: 37+48: 30+40=70,7+8=15,70+15=85; 85-69: 85-60=25,25-9=16.
inline std::string careful_steps(const problem& p, int answer) {
    const auto n = [](int x) { return std::to_string(x); };
    const int tens = p.has / 10 * 10 + p.gets / 10 * 10, units = p.has % 10 + p.gets % 10, sum = p.has + p.gets;
    const int gives_tens = p.gives / 10 * 10, after_tens = sum - gives_tens;
    return n(p.has / 10 * 10) + "+" + n(p.gets / 10 * 10) + "=" + n(tens) + "," + n(p.has % 10) + "+" + n(p.gets % 10) +
           "=" + n(units) + "," + n(tens) + "+" + n(units) + "=" + n(sum) + "," + n(sum) + "-" + n(gives_tens) + "=" +
           n(after_tens) + "," + n(after_tens) + "-" + n(p.gives % 10) + "=" + n(answer);
}

/// One annotator's solution, as a prompt and the response to imitate.
inline reft::sft_example annotated(const problem& p, const annotation_mix& mix, const reft::char_tokenizer& tokens,
                                   reft::random_stream& random) {
    const bool answer_only = random.uniform() < mix.answer_only, mistaken = random.uniform() < mix.mistakes;
    const int slip = 1 + static_cast<int>(random.below(9));
    const int answer = mistaken ? p.answer() + slip : p.answer();
    const reft::prompt_template form = prompt_form();
    reft::sft_example example;
    example.prompt = {*tokens.begin_of_sequence()};
    for (const reft::token_id id : tokens.encode(form.prompt(p.text))) example.prompt.push_back(id);
    example.response = tokens.encode(form.target(answer_only ? "" : careful_steps(p, answer), std::to_string(answer)));
    example.response.push_back(tokens.end_of_sequence());
    return example;
}

/// Disjoint sets of problems: no triple of numbers is in two of them.
struct data {
    std::vector<reft::sft_example> annotations;  ///< of the training questions
    std::vector<reft::question> train, dev, test;
};

/// The problems depend on the seed alone, not on how they are annotated.
inline data make_data(std::size_t train, std::size_t dev, std::size_t test, const annotation_mix& mix,
                      std::uint64_t seed) {
    const reft::char_tokenizer tokens = tokenizer();
    reft::random_stream random(seed, reft::random_purpose::data), annotators(seed, reft::random_purpose::data, 1);
    std::vector<bool> used(100 * 100 * 100);
    data d;
    while (d.train.size() + d.dev.size() + d.test.size() < train + dev + test) {
        const problem p = make_problem(random);
        const auto triple = static_cast<std::size_t>((p.has * 100 + p.gets) * 100 + p.gives);
        if (used[triple]) continue;
        used[triple] = true;
        const reft::question q{p.text, std::to_string(p.answer())};
        if (d.test.size() < test) {
            d.test.push_back(q);
        } else if (d.dev.size() < dev) {
            d.dev.push_back(q);
        } else {
            d.train.push_back(q);
            d.annotations.push_back(annotated(p, mix, tokens, annotators));
        }
    }
    return d;
}

}  // namespace arithmetic
