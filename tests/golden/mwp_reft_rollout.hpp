// The rollout of the paper's code, computed with the parts of reft: log-probs, rewards, advantages, returns.
#pragma once

#include "golden/grid.hpp"
#include "golden/mwp_reft_source.hpp"

#include <reft/reft.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace golden {

template <class T>
struct chain {
    std::int64_t prompt_len = 0;
    std::int64_t end_token = -1;
    double gamma = 1, lambda = 1, kl_coef = 0, vf_coef = 1, clip_range = 0.2, clip_range_value = 0.2;
    bool whitened = false;
    bool has_reference = false;
    grid<std::int64_t> ids;
    grid<T> old_logits, ref_logits, new_logits, old_values, new_values;
    std::vector<T> scores;
    std::vector<source_row> rows;

    std::vector<std::int64_t> lengths(std::int64_t source_row::*of) const {
        std::vector<std::int64_t> result;
        for (const source_row& row : rows) result.push_back(row.*of);
        return result;
    }
    layout laid_out(layout_kind kind, const std::vector<std::int64_t>& lengths) const {
        return {kind, prompt_len - 1, ids.columns - prompt_len, lengths};
    }
};

/// What reft gives, in the source's layout and under the source's names.
template <class T>
struct outcome {
    std::map<std::string, grid<T>> grids;
    std::map<std::string, double> numbers;
};

/// The id of the token that each slot of a layout is about.
inline std::vector<std::int64_t> ids_of(const layout& at, const grid<std::int64_t>& ids) {
    std::vector<std::int64_t> result;
    for (std::size_t n = 0; n < at.slots(); ++n) result.push_back(ids(at.place(n).row, at.place(n).column + 1));
    return result;
}

template <class T>
std::vector<T> ones_where_counted(const layout& at) {
    std::vector<T> ones;
    for (std::size_t n = 0; n < at.slots(); ++n) ones.push_back(at.counts(n) ? T(1) : T(0));
    return ones;
}

template <class T>
grid<T> log_probs(layout& at, const grid<T>& logits, const grid<std::int64_t>& ids) {
    const std::vector<std::int64_t> tokens = ids_of(at, ids);
    std::vector<T> weights = ones_where_counted<T>(at), result(at.slots());
    reft::token_log_probs(at.logits(logits, tokens), at.view(weights), at.view(result));
    return at.scattered(result, logits.columns);
}

/// KL, score and the rewards of both; under "rows_without_tokens" how many scores found no place.
template <class T>
void add_rewards(const chain<T>& c, const layout& at, outcome<T>& out) {
    const reft::rows rows = at.rows();
    std::vector<T> kl(at.slots()), score(at.slots()), rewards(at.slots());
    if (c.has_reference) {
        std::vector<T> old = at.gathered(out.grids["old_logprob"]), ref = at.gathered(out.grids["ref_logprob"]);
        reft::sampled_kl(at.view(old), at.view(ref), rows, at.view(kl));
    }
    std::vector<T> zero(at.slots());
    reft::shaped_rewards(c.scores, at.view(zero), rows, at.view(score), {.kl_coef = 0.0});
    const auto report = reft::shaped_rewards(c.scores, at.view(kl), rows, at.view(rewards), {.kl_coef = c.kl_coef});
    out.grids["kl_rew"] = at.scattered(kl, c.ids.columns);
    for (T& k : out.grids["kl_rew"].values) k = -k;
    out.grids["score_rew"] = at.scattered(score, c.ids.columns);
    out.grids["rew"] = at.scattered(rewards, c.ids.columns);
    out.numbers["rows_without_tokens"] = static_cast<double>(report.rows_without_tokens);
}

/// Advantages, read with the scores that the source repeats behind the mask: there rows go on with rewards alone.
template <class T>
grid<T> advantages(const chain<T>& c, layout_kind kind, const grid<T>& rew, const grid<T>& val) {
    const layout read = c.laid_out(kind, c.lengths(&source_row::read_by_gae));
    grid<T> rewards_read = rew;
    for (std::int64_t b = 0; b < rew.rows; ++b)
        for (const std::int64_t t : c.rows[static_cast<std::size_t>(b)].repeated)
            rewards_read(b, t) = c.scores[static_cast<std::size_t>(b)];
    std::vector<T> rewards = read.gathered(rewards_read), values = read.gathered(val), result(read.slots());
    reft::gae(read.view(rewards), read.view(values), read.rows(), read.view(result),
              {.gamma = c.gamma, .lambda = c.lambda});
    grid<T> all = read.scattered(result, rew.columns);
    for (std::int64_t b = 0; b < rew.rows; ++b) {
        const source_row& row = c.rows[static_cast<std::size_t>(b)];
        for (std::int64_t j = row.counted; j < row.read_by_gae; ++j) all(b, c.prompt_len - 1 + j) = T(0);
    }
    return all;
}

template <class T>
outcome<T> rollout(const chain<T>& c, layout_kind kind) {
    layout at = c.laid_out(kind, c.lengths(&source_row::counted));
    const reft::rows rows = at.rows();
    outcome<T> out;
    std::vector<T> ones = ones_where_counted<T>(at), values = at.gathered(c.old_values);
    reft::clear_uncounted(rows, at.view(values));
    out.grids["mask"] = at.scattered(ones, c.ids.columns);
    out.grids["val"] = at.scattered(values, c.ids.columns);
    out.grids["old_logprob"] = log_probs(at, c.old_logits, c.ids);
    if (c.has_reference) out.grids["ref_logprob"] = log_probs(at, c.ref_logits, c.ids);
    add_rewards(c, at, out);

    out.grids["raw_adv"] = advantages(c, kind, out.grids["rew"], out.grids["val"]);
    std::vector<T> raw = at.gathered(out.grids["raw_adv"]), returns(at.slots()), adv(at.slots());
    reft::returns(at.view(raw), at.view(values), rows, at.view(returns));
    out.grids["ret"] = at.scattered(returns, c.ids.columns);
    if (c.whitened) reft::whiten(at.view(raw), rows, at.view(adv));
    out.grids["adv"] = c.whitened ? at.scattered(adv, c.ids.columns) : out.grids["raw_adv"];
    return out;
}

}  // namespace golden
