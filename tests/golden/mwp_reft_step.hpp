// One step of the paper's code on a mini-batch, computed with the parts of reft: losses, gradients, metrics.
#pragma once

#include "golden/grid.hpp"
#include "golden/mwp_reft_rollout.hpp"
#include "golden/mwp_reft_source.hpp"

#include <reft/reft.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace golden {

/// The rows `which` of a chain, with what the step reads of them.
template <class T>
chain<T> selected(const chain<T>& all, const std::vector<std::int64_t>& which) {
    chain<T> c = all;
    c.ids = all.ids.selected(which);
    c.new_logits = all.new_logits.selected(which);
    c.new_values = all.new_values.selected(which);
    c.rows.clear();
    for (const std::int64_t b : which) c.rows.push_back(all.rows[static_cast<std::size_t>(b)]);
    return c;
}

template <class T>
struct mini_batch {
    chain<T> c;
    outcome<T> before;  ///< of the rollout
    layout at;
    std::vector<std::int64_t> ids;
    std::vector<T> weights;

    mini_batch(const chain<T>& all, const outcome<T>& rolled_out, const std::vector<std::int64_t>& which,
               layout_kind kind)
        : c(selected(all, which)), at(c.laid_out(kind, c.lengths(&source_row::counted))) {
        for (const auto& [name, of_all] : rolled_out.grids) before.grids[name] = of_all.selected(which);
        ids = ids_of(at, c.ids);
        weights.resize(at.slots());
        constexpr auto rule = reft::aggregation::sequence_mean_of_token_means;
        reft::token_weights(at.rows(), rule, reft::denominator(at.rows(), rule), at.view(weights));
    }
    std::vector<T> gathered(const std::string& name) const { return at.gathered(before.grids.at(name)); }
};

/// The policy loss in one call and in two phases, which must give the same bits: "differences" counts those that differ.
template <class T>
void add_policy_loss(mini_batch<T>& batch, outcome<T>& out) {
    layout& at = batch.at;
    const grid<T>& z = batch.c.new_logits;
    std::vector<T> old = batch.gathered("old_logprob"), adv = batch.gathered("adv"), d_log_probs(at.slots());
    const reft::token_logits<T> logits = at.logits(z, batch.ids);
    const reft::clipped_policy loss(
        at.view(old), at.view(adv),
        {.clip_range = batch.c.clip_range, .log_ratio_limit = std::numeric_limits<double>::infinity()});

    out.grids["logprob"] = log_probs(at, z, batch.c.ids);
    std::vector<T> now = at.gathered(out.grids["logprob"]);
    const auto stats = reft::loss_over_log_probs(loss, at.view(now), at.view(batch.weights), at.view(d_log_probs));
    out.grids["d_logprob"] = at.scattered(d_log_probs, z.columns);
    out.grids["d_logits"] =
        at.gradient_of(z, [&](auto d) { reft::backward_to_logits(logits, at.view(d_log_probs), d); });
    out.numbers["pg_loss"] = stats.loss;
    out.numbers["mean_ratio"] = stats.mean_ratio();
    out.numbers["mean_logprob"] = stats.mean_log_prob();

    reft::policy_stats fused;
    const reft::workspace memory(reft::workspace_bytes(logits));
    const grid<T> d_fused = at.gradient_of(
        z, [&](auto d) { fused = reft::loss_over_logits(loss, logits, at.view(batch.weights), d, memory); });
    double differences = fused.loss != stats.loss && !(std::isnan(fused.loss) && std::isnan(stats.loss));
    for (std::size_t i = 0; i < d_fused.values.size(); ++i)
        differences += d_fused.values[i] != out.grids["d_logits"].values[i];
    out.numbers["differences"] = differences;

    std::vector<T> ratio(at.slots()), larger(at.slots());
    for (std::size_t n = 0; n < at.slots(); ++n)
        if (at.counts(n)) {
            reft::policy_stats of_token;
            larger[n] = loss(at.token(n), {now[n], T(0)}, of_token).value;
            ratio[n] = static_cast<T>(of_token.ratio);
        }
    out.grids["ratio"] = at.scattered(ratio, z.columns);
    out.grids["pg_losses"] = at.scattered(larger, z.columns);
}

/// The value loss, with and without its coefficient.
template <class T>
void add_value_loss(mini_batch<T>& batch, outcome<T>& out) {
    const layout& at = batch.at;
    const std::int64_t columns = batch.c.new_values.columns;
    std::vector<T> old = batch.gathered("val"), target = batch.gathered("ret"), now = at.gathered(batch.c.new_values);
    std::vector<T> d_values(at.slots()), d_weighted(at.slots());
    const reft::clipped_value_options options{.clip_range = batch.c.clip_range_value};
    const reft::clipped_value loss(at.view(old), at.view(target), options);
    const auto stats = reft::loss_over_values(loss, at.view(now), at.view(batch.weights), at.view(d_values));
    const auto weighted =
        reft::loss_over_values(batch.c.vf_coef * loss, at.view(now), at.view(batch.weights), at.view(d_weighted));
    out.numbers["vf_loss"] = stats.loss;
    out.numbers["loss"] = out.numbers["pg_loss"] + weighted.loss;
    out.numbers["mean_vpred"] = stats.mean_value();
    out.grids["d_vf"] = at.scattered(d_values, columns);
    out.grids["d_values"] = at.scattered(d_weighted, columns);

    // With the value itself as the target, what remains of the loss is how far the clipping moved it.
    const reft::clipped_value moved(at.view(old), at.view(now), options);
    std::vector<T> larger(at.slots()), clipped_to(at.slots()), error(at.slots());
    for (std::size_t n = 0; n < at.slots(); ++n)
        if (at.counts(n)) {
            reft::value_stats of_token;
            larger[n] = 2 * loss(at.token(n), now[n], of_token).value;
            const T distance = std::sqrt(2 * moved(at.token(n), now[n], of_token).value);
            clipped_to[n] = now[n] + (old[n] < now[n] ? -distance : distance);
            error[n] = target[n] - now[n];
        }
    out.grids["vf_losses1"] = at.scattered(larger, columns);
    out.grids["vpredclipped"] = at.scattered(clipped_to, columns);
    out.grids["error"] = at.scattered(error, columns);
}

/// Means and variances over the counted positions of the mini-batch.
template <class T>
void add_metrics(const mini_batch<T>& batch, outcome<T>& out) {
    const layout& at = batch.at;
    const auto moments_of = [&](const grid<T>& x) {
        std::vector<T> counted = at.gathered(x);
        return reft::moments_of(at.view(counted), at.rows());
    };
    const auto& before = batch.before.grids;
    const auto variance = reft::variance::unbiased;
    const reft::moments adv = moments_of(before.at("adv")), ret = moments_of(before.at("ret"));
    out.numbers["counted"] = static_cast<double>(adv.count);
    out.numbers["mean_adv"] = adv.mean;
    out.numbers["var_adv"] = adv.variance_of(variance);
    out.numbers["mean_return"] = ret.mean;
    out.numbers["variance_of_returns"] = ret.variance_of(variance);
    out.numbers["largest_error"] = std::max(largest_of(out.grids["error"]), largest_of(before.at("ret")));
    const double unexplained = moments_of(out.grids["error"]).variance_of(variance);
    out.numbers["vf_expl_var"] = std::max(-1.0, 1.0 - unexplained / (ret.variance_of(variance) + 1e-8));
    out.numbers["largest_old_logprob"] = largest_of(before.at("old_logprob"));
    out.numbers["mean_reward"] = moments_of(before.at("rew")).mean;
    out.numbers["mean_score_reward"] = moments_of(before.at("score_rew")).mean;
    out.numbers["mean_kl_reward"] = moments_of(before.at("kl_rew")).mean;
    std::vector<T> kl = at.gathered(before.at("kl_rew"));
    for (T& k : kl) k = -k;
    out.numbers["mean_seq_kl"] = reft::mean_sequence_kl(at.view(kl), at.rows());
    double tokens = 0;  // a row without any counts as one there
    for (std::int64_t b = 0; b < at.batch(); ++b)
        tokens += static_cast<double>(std::max<std::int64_t>(1, at.rows().counted(b)));
    out.numbers["mean_resp_len"] = tokens / static_cast<double>(at.batch());
}

template <class T>
outcome<T> step(const chain<T>& c, const outcome<T>& rolled_out, const std::vector<std::int64_t>& which,
                layout_kind kind) {
    mini_batch<T> batch(c, rolled_out, which, kind);
    outcome<T> out;
    add_policy_loss(batch, out);
    add_value_loss(batch, out);
    add_metrics(batch, out);
    return out;
}

}  // namespace golden
