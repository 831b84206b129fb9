// mwp_reft_chain: one update of the paper's code, from tokens to gradients.
//
// Every field is compared that reft has a counterpart of; of the source's own bookkeeping (the lengths of queries) it
// has none. Both layouts of reft are computed and must give the same bits.
#include "golden/mwp_reft_chain.hpp"

#include "golden/golden.hpp"
#include "golden/mwp_reft_compare.hpp"
#include "golden/mwp_reft_contract.hpp"
#include "golden/mwp_reft_rollout.hpp"
#include "golden/mwp_reft_step.hpp"
#include "golden/precision.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace golden {
namespace {

template <class T>
grid<T> grid_of(const array& from) {
    grid<T> to(from.shape.at(0), from.shape.at(1), from.shape.size() > 2 ? from.shape[2] : 1);
    for (std::size_t i = 0; i < to.values.size(); ++i) to.values[i] = static_cast<T>(from.values[i]);
    return to;
}

template <class T>
chain<T> read(const golden_case& file, const std::vector<double>& scores) {
    chain<T> c;
    c.ids = grid_of<std::int64_t>(file.numbers("/inputs/completed_tensors", 2));
    c.prompt_len = static_cast<std::int64_t>(file.number("/params/prompt_len"));
    c.gamma = file.number("/params/gamma");
    c.lambda = file.number("/params/lam");
    c.kl_coef = file.number("/params/kl_coef", 0.0);
    c.vf_coef = file.number("/params/vf_coef");
    c.clip_range = file.number("/params/cliprange", 0.2);
    c.clip_range_value = file.number("/params/cliprange_value", 0.2);
    const std::string whitening = file.text("/params/adv_whitening", "None");
    if (whitening != "None" && whitening != "global" && whitening != "local")
        throw std::runtime_error("unknown adv_whitening " + whitening);
    c.whitened = whitening != "None";  // with one process local and global are the same
    c.has_reference = file.flag("/params/use_ref_model", true) && file.has("/inputs/ref_logits");
    c.old_logits = grid_of<T>(file.numbers("/inputs/old_logits", 3));
    if (c.has_reference) c.ref_logits = grid_of<T>(file.numbers("/inputs/ref_logits", 3));
    c.new_logits = grid_of<T>(file.numbers("/inputs/new_logits", 3));
    c.old_values = grid_of<T>(file.numbers("/inputs/old_values", 2));
    c.new_values = grid_of<T>(file.numbers("/inputs/new_values", 2));
    c.scores.assign(scores.begin(), scores.end());
    c.end_token = static_cast<std::int64_t>(file.number("/params/eos_token_id", -1.0));
    for (std::int64_t b = 0; b < c.ids.rows; ++b) c.rows.push_back(source_row_of(c.ids, b, c.prompt_len, c.end_token));
    return c;
}

/// Scores of the chain's answers: each stands behind the answer trigger of a usual completion.
std::vector<double> scores_of(const golden_case& file, checker& check) {
    const reft::prompt_template usual;
    const std::string before = "Question:\nq" + file.text("/params/cot_trigger", usual.reasoning_trigger) + "step" +
                               file.text("/params/answer_trigger", usual.answer_trigger);
    std::vector<std::string> texts = file.texts("/inputs/answer_text");
    for (std::string& text : texts) text.insert(0, before);
    return check_correctness(file, texts, file.texts("/inputs/target_answer"), check);
}

precision precision_of(const golden_case& file) {
    return {file.dtype(), file.text("/params/float_upcast", file.dtype())};
}

/// The tolerances of one case.
struct allowed {
    double tokens;       ///< log-probs and new values: before the casts
    double after_casts;  ///< rewards, old values, returns
    double adv;          ///< whitened advantages and what depends on them
    bool adv_defined;    ///< the whitening of fewer than two tokens is not: the source divides by n − 1 = 0

    template <class T>
    allowed(const golden_case& file, const chain<T>& c, const outcome<T>& out) {
        const precision allowed_errors = precision_of(file);
        const double largest = std::max(largest_of(out.grids.at("raw_adv")), largest_of(out.grids.at("val")));
        tokens = allowed_errors.before_casts;
        after_casts = adv = allowed_errors.summed(largest);
        adv_defined = true;
        if (!c.whitened) return;
        reft::moments raw;
        for (std::size_t i = 0; i < c.ids.values.size(); ++i)
            if (out.grids.at("mask").values[i] != T(0)) raw.add(static_cast<double>(out.grids.at("raw_adv").values[i]));
        adv = std::max(adv, allowed_errors.divided(largest, raw.variance_of(reft::variance::unbiased)));
        adv_defined = raw.count > 1;
    }
};

/// A case that was read and rolled out, with everything its comparison needs.
template <class T>
struct chain_case {
    const golden_case& file;
    checker& check;
    chain<T> c;
    outcome<T> out;
    allowed t;

    chain_case(const golden_case& of_file, checker& with)
        : file(of_file),
          check(with),
          c(read<T>(file, scores_of(file, check))),
          out(rollout(c, layout_kind::padded)),
          t(file, c, out) {}
    const grid<T>& mask() const { return out.grids.at("mask"); }
};

template <class T>
void check_rollout(const chain_case<T>& one) {
    const auto& [file, check, c, out, t] = one;
    check_same_bits(out, rollout(c, layout_kind::packed), check);
    check_zero_outside(out, one.mask(), check);
    const comparer<T> compare(file, "/outputs/", out, one.mask(), check);
    compare.everywhere("mask", 0.0);
    for (const char* name : {"old_logprob", "score_rew"}) compare.everywhere(name, t.tokens);
    for (const char* name : {"val", "rew", "ret", "raw_adv"}) compare.everywhere(name, t.after_casts);
    if (t.adv_defined) compare.where_counted("adv", t.adv);
    check.require(t.adv_defined || largest_of(out.grids.at("adv")) == 0, "adv", "one whitened token is not 0");
    if (!c.has_reference) return;
    compare.everywhere("kl_rew", t.after_casts);
    compare.where_counted("ref_logprob", t.tokens);
}

/// One mini-batch: its rows, what reft gives for them, and where the file has it.
template <class T>
struct step_case {
    std::string path;
    std::vector<std::int64_t> which;
    outcome<T> out;
    grid<T> mask;

    step_case(const chain_case<T>& one, std::size_t k) : path("steps/" + std::to_string(k) + "/") {
        for (const double b : one.file.numbers("/outputs/" + path + "b_inds", 1).values)
            which.push_back(static_cast<std::int64_t>(b));
        out = step(one.c, one.out, which, layout_kind::padded);
        mask = one.mask().selected(which);
        check_same_bits(out, step(one.c, one.out, which, layout_kind::packed), one.check);
        check_zero_outside(out, mask, one.check);
    }
};

template <class T>
void check_policy(const chain_case<T>& one, const step_case<T>& of_step) {
    const auto& [path, which, out, mask] = of_step;
    const comparer<T> compare(one.file, "/outputs/" + path, out, mask, one.check);
    const double largest = std::max(largest_of(out.grids.at("logprob")), out.numbers.at("largest_old_logprob"));
    const double ratio = precision_of(one.file).exponentiated(one.t.tokens, largest);
    compare.where_counted("logprob", one.t.tokens);
    compare.number("mean_logprob", one.t.tokens);
    compare.where_counted("ratio", ratio);
    compare.number("mean_ratio", ratio);
    one.check.require(out.numbers.at("differences") == 0, path, "the fused policy loss differs from the two phases");
    if (!one.t.adv_defined) return;
    const double policy = std::max(one.t.adv, ratio);
    compare.larger_of("pg_losses", "pg_losses2", policy);
    for (const char* name : {"pg_loss", "loss"}) compare.number(name, policy);
    compare.number("mean_adv", one.t.adv);
}

template <class T>
void check_value(const chain_case<T>& one, const step_case<T>& of_step) {
    const auto& [path, which, out, mask] = of_step;
    const comparer<T> compare(one.file, "/outputs/" + path, out, mask, one.check);
    compare.where_counted("vpredclipped", one.t.after_casts);
    compare.larger_of("vf_losses1", "vf_losses2", one.t.after_casts);
    for (const char* name : {"vf_loss", "mean_return", "mean_reward", "mean_score_reward", "mean_kl_reward"})
        compare.number(name, one.t.after_casts);
    for (const char* name : {"mean_vpred", "mean_resp_len"}) compare.number(name, one.t.tokens);
    if (one.c.has_reference) compare.number("mean_seq_kl", one.t.after_casts);
    if (out.numbers.at("counted") < 2)  // the source divides by n − 1 = 0, reft's variance is 0
        return one.check.require(out.numbers.at("var_adv") == 0, path + "var_adv", "of one number is not 0");
    if (one.t.adv_defined) compare.number("var_adv", one.t.adv);
    compare.number("vf_expl_var", precision_of(one.file).divided(out.numbers.at("largest_error"),
                                                                 out.numbers.at("variance_of_returns")));
}

/// With a single step the source has the gradients of logits and values in the row order of the batch.
template <class T>
void check_gradients(const chain_case<T>& one, const step_case<T>& of_step) {
    const auto& [path, which, out, mask] = of_step;
    const std::string prefix = "/gradients/" + path;
    const double incoming = std::max(1.0, largest_of(out.grids.at("d_logprob")));
    outcome<T> in_order = out;
    if (one.file.size("/outputs/steps") == 1)
        for (const char* name : {"d_logits", "d_values", "d_vf"})
            in_order.grids[name] = placed(out.grids.at(name), which, one.c.ids.rows);
    const comparer<T> compare(one.file, prefix, in_order, mask, one.check);
    compare.gradient("d_loss_d_new_values", "d_values", one.t.after_casts);
    compare.gradient("d_vf_loss_d_new_values", "d_vf", one.t.after_casts);
    if (!one.t.adv_defined) return;
    compare.gradient("d_loss_d_logprob", "d_logprob", one.t.adv * incoming);
    compare.gradient("d_loss_d_new_logits", "d_logits", one.t.adv * incoming);
}

/// How many rows take the path on which reft's contract and the source differ.
template <class T>
void note_contradictions(const chain_case<T>& one) {
    const auto pad = static_cast<std::int64_t>(one.file.number("/params/pad_token_id", -1.0));
    const grid<std::int64_t>& ids = one.c.ids;
    for (std::int64_t b = 0; b < ids.rows; ++b) {
        const source_row& row = one.c.rows[static_cast<std::size_t>(b)];
        std::int64_t unattended = 0;
        for (std::int64_t j = 0; j < row.counted; ++j) {
            const std::int64_t id = ids(b, one.c.prompt_len + j);
            unattended += id == pad && id != one.c.end_token;
        }
        one.check.note("rows of all chains", 1);
        one.check.note("rows with an end token in the prompt: the source's mask is empty", row.end_token_in_prompt());
        one.check.note("rows with a repeated end token: the source writes the score again", !row.repeated.empty());
        one.check.note("rows with a pad token in the response: the source does not attend to it", unattended > 0);
    }
    std::vector<double> attends;
    for (const std::int64_t id : ids.values) attends.push_back(id != pad);
    one.check.compare(one.file.numbers("/outputs/attention_mask", 2), attends, 0.0);
}

template <class T>
void check_chain(const golden_case& file, checker& check) {
    const chain_case<T> one(file, check);
    check_rollout(one);
    for (std::size_t k = 0; k < file.size("/outputs/steps"); ++k) {
        const step_case<T> of_step(one, k);
        check_policy(one, of_step);
        check_value(one, of_step);
        if (file.has("/gradients/steps")) check_gradients(one, of_step);
    }
    for (const layout_kind kind : {layout_kind::padded, layout_kind::packed})
        check_contract(one.c, kind, precision(file.dtype()), check);
    note_contradictions(one);
}

}  // namespace

void mwp_reft_chain(const golden_case& c, checker& check) {
    c.dtype() == "float32" ? check_chain<float>(c, check) : check_chain<double>(c, check);
}

}  // namespace golden
