// Golden files of lqtrung1998/mwp_ReFT, the paper's code: whitening, discounted sums and the answer reward. The chain
// from tokens to gradients is in mwp_reft_chain.cpp.
#include "golden/golden.hpp"
#include "golden/mwp_reft_chain.hpp"
#include "golden/precision.hpp"

#include <reft/reft.hpp>
#include <reft/reward/answer_reward.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace golden {
namespace {

std::vector<std::uint8_t> bytes_of(const array& mask) {
    std::vector<std::uint8_t> bytes;
    for (const double counts : mask.values) bytes.push_back(counts != 0);
    return bytes;
}

double largest_magnitude(const std::vector<double>& values, const std::vector<std::uint8_t>& counts) {
    double largest = 0;
    for (std::size_t i = 0; i < values.size(); ++i)
        if (counts[i] != 0) largest = std::max(largest, std::abs(values[i]));
    return largest;
}

/// Every process has its own part [batch, time]; the moments of all parts are merged before each part is whitened.
template <class T>
std::vector<T> whitened_parts(std::vector<T>& x, std::vector<std::uint8_t>& counts,
                              const std::vector<std::int64_t>& shape, reft::whitening mode, reft::moments& all) {
    std::vector<T> whitened(x.size());
    const auto part_of = [&](auto& of_all, std::int64_t p) {
        return reft::tensor_at(of_all.data() + p * shape[1] * shape[2], shape[1], shape[2]);
    };
    for (std::int64_t p = 0; p < shape[0]; ++p)
        all.merge(reft::moments_of(part_of(x, p), reft::rows::padded(part_of(counts, p))));
    for (std::int64_t p = 0; p < shape[0]; ++p)
        reft::whiten(part_of(x, p), reft::rows::padded(part_of(counts, p)), part_of(whitened, p), all, {.mode = mode});
    return whitened;
}

template <class T>
void allgather_masked_whiten_in(const golden_case& c, checker& check) {
    const array values = c.numbers("/inputs/values", 3), expected = c.numbers("/outputs/whitened", 3);
    std::vector<std::uint8_t> counts = bytes_of(c.numbers("/inputs/mask", 3));
    std::vector<T> x(values.values.begin(), values.values.end());
    for (std::size_t i = 0; i < x.size(); ++i)
        if (counts.at(i) == 0) x[i] = std::numeric_limits<T>::quiet_NaN();  // must change nothing
    // `shift_mean` adds the mean back here; in TRL and verl its opposite does.
    const bool shift_mean = c.flag("/params/shift_mean", false);
    const auto mode = shift_mean ? reft::whitening::scale_only : reft::whitening::center_and_scale;
    reft::moments all;
    const std::vector<T> whitened = whitened_parts(x, counts, values.shape, mode, all);

    // Equal numbers, and a single one: reft is exact, where the source has rounding noise / 1e-4, and n − 1 = 0.
    const bool exact = all.squared_deviations == 0;
    const T documented = static_cast<T>(shift_mean ? all.mean : 0.0);
    for (std::size_t i = 0; i < counts.size(); ++i) {
        check.require(counts[i] != 0 || whitened[i] == T(0), expected.path_of(i), "is not 0 although it is masked");
        check.require(counts[i] == 0 || !exact || whitened[i] == documented, expected.path_of(i), "is not exact");
    }
    if (all.count < 2) return check.note("whitenings of fewer than two numbers, undefined in the source", 1);
    const double largest = largest_magnitude(values.values, counts);
    const double tolerance = precision(c.dtype()).divided(largest, all.variance_of(reft::variance::unbiased));
    check.compare(expected, std::vector<double>(whitened.begin(), whitened.end()), tolerance, counts);
}

void allgather_masked_whiten(const golden_case& c, checker& check) {
    c.dtype() == "float32" ? allgather_masked_whiten_in<float>(c, check) : allgather_masked_whiten_in<double>(c, check);
}

/// A discounted sum of rewards is the advantage at λ = 1 of a critic that says 0.
template <class T>
void discount_cumsum_in(const golden_case& c, checker& check) {
    const array x = c.numbers("/inputs/x", 1);
    const std::vector<T> rewards(x.values.begin(), x.values.end()), values(rewards.size());
    std::vector<T> sums(rewards.size());
    const std::vector<std::int64_t> offsets = {0, x.shape[0]};
    reft::gae(rewards, values, reft::rows::packed(offsets), sums,
              {.gamma = c.number("/params/discount"), .lambda = 1.0});
    const std::vector<double> actual(sums.begin(), sums.end());
    check.compare(c.numbers("/outputs/y", 1), actual, precision(c.dtype()).before_casts);
}

void discount_cumsum(const golden_case& c, checker& check) {
    c.dtype() == "float32" ? discount_cumsum_in<float>(c, check) : discount_cumsum_in<double>(c, check);
}

reft::mwp_dataset dataset_of(const golden_case& c) {
    const std::string name = c.text("/params/src_name", "gsm8k");
    if (name == "gsm8k") return reft::mwp_dataset::gsm8k;
    if (name == "svamp") return reft::mwp_dataset::svamp;
    if (name == "mathqa") return reft::mwp_dataset::mathqa;
    if (name == "mathqa-numeric") return reft::mwp_dataset::mathqa_numeric;
    throw std::runtime_error("unknown src_name " + name);
}

/// Answers of natural language, with the preset or, where the case has other triggers, with its parts.
std::vector<std::optional<reft::reward>> verdicts(const golden_case& c, const std::vector<reft::question>& questions,
                                                  const std::vector<std::string>& texts) {
    if (c.text("/params/engine", "nl") != "nl") throw std::runtime_error("only the engine nl is mapped");
    const reft::mwp_dataset dataset = dataset_of(c);
    const bool option = dataset == reft::mwp_dataset::mathqa;
    reft::trigger_extractor extract = option ? reft::mwp_reft_option_extractor() : reft::mwp_reft_number_extractor();
    const reft::prompt_template usual;
    extract.reasoning_trigger = c.text("/params/cot_trigger", usual.reasoning_trigger);
    extract.answer_trigger = c.text("/params/answer_trigger", usual.answer_trigger);
    if (extract.reasoning_trigger == usual.reasoning_trigger && extract.answer_trigger == usual.answer_trigger)
        return reft::mwp_reft_reward(dataset)(questions, texts);
    const reft::mwp_reft_comparison equal{option ? reft::answer_kind::option : reft::answer_kind::number};
    return reft::answer_reward(extract, equal)(questions, texts);
}

void answer_reward(const golden_case& c, checker& check) {
    check_correctness(c, c.texts("/inputs/completion_texts"), c.texts("/inputs/target"), check);
}

constexpr mapping mappings[] = {{"mwp_reft_allgather_masked_whiten", allgather_masked_whiten},
                                {"mwp_reft_answer_reward", answer_reward},
                                {"mwp_reft_chain", mwp_reft_chain},
                                {"mwp_reft_discount_cumsum", discount_cumsum}};

}  // namespace

std::vector<double> check_correctness(const golden_case& c, const std::vector<std::string>& texts,
                                      const std::vector<std::string>& golds, checker& check) {
    const array expected = c.numbers("/outputs/correctness", 1);
    if (texts.size() != golds.size() || texts.size() != expected.values.size())
        throw std::runtime_error("as many texts, gold answers and rewards are needed");
    std::vector<reft::question> questions;
    questions.reserve(golds.size());
    for (const std::string& gold : golds) questions.push_back({.text = "", .gold = gold});
    std::vector<double> rewards = expected.values;
    std::vector<std::uint8_t> judged(rewards.size());
    const std::vector<std::optional<reft::reward>> found = verdicts(c, questions, texts);
    for (std::size_t i = 0; i < rewards.size(); ++i) {
        // No verdict where the gold answer is infinite: the source calls every answer wrong there.
        judged[i] = found[i].has_value();
        if (found[i]) rewards[i] = found[i]->value;
        check.require(found[i] || expected.values[i] != 1.0, expected.path_of(i), "no verdict on a right answer");
    }
    check.note("answers whose gold answer cannot be read", std::count(judged.begin(), judged.end(), 0));
    check.compare(expected, rewards, precision(c.dtype()).before_casts, judged);
    return rewards;
}

codebase mwp_reft() { return {.prefix = "mwp_reft_", .mappings = mappings}; }

}  // namespace golden
