// How far the numbers of the device functions may be from those of the host, and how far they are.
#pragma once

#include <reft/kernel/log_probs.hpp>
#include <reft/kernel/logits.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "gpu/fused_row.hpp"
#include "gpu/logits_case.hpp"

namespace gpu {

template <class T>
constexpr const char* name_of = std::is_same_v<T, float>            ? "float"
                                : std::is_same_v<T, double>         ? "double"
                                : std::is_same_v<T, reft::bfloat16> ? "bfloat16"
                                                                    : "half";

/// Relative to the terms that a number is the sum of. In float: the argument z of an exponential, |z| up to 40 in these
/// cases, is rounded twice by either side, 4·40·2⁻²⁵ = 5e-6; with the exponential's own error and the sums within a
/// pack it stays below 1e-5.
template <class Real>
constexpr double limit = sizeof(Real) == 4 ? 1e-5 : 1e-13;

/// Half a unit in the last place of what a result is stored in: relative, and for numbers near 0.
template <class D>
double storage_rounding(double x) {
    if (sizeof(D) > 2) return 0;
    return std::is_same_v<D, reft::bfloat16> ? std::fabs(x) * 0x1p-8 : std::fabs(x) * 0x1p-11 + 0x1p-24;
}

/// The worst of many comparisons, as a share of what is allowed.
struct agreement {
    double worst = 0;
    std::string where = "nothing differs";

    bool holds() const { return worst <= 1; }

    void check(const char* what, std::int64_t i, double got, double expected, double allowed) {
        if (got == expected || (std::isnan(got) && std::isnan(expected))) return;
        const double share = std::fabs(got - expected) / allowed;
        if (share <= worst) return;
        worst = std::isnan(share) ? std::numeric_limits<double>::infinity() : share;
        char text[160];
        std::snprintf(text, sizeof text, "%s %lld: %.9g instead of %.9g, %.3g of the limit", what,
                      static_cast<long long>(i), got, expected, worst);
        where = text;
    }
};

/// What the host makes of a case: the fused call, and what its phases hand on.
template <class Real, class D>
struct host_result {
    std::vector<Real> log_probs, entropies, d_log_probs, d_entropies;
    std::vector<D> d_logits;
    reft::policy_stats stats;
};

template <class Case, class Loss>
auto on_host(const Case& c, const Loss& loss) {
    using Real = typename Case::real;
    using D = typename decltype(c.logits)::value_type;
    const std::size_t n = c.ids.size();
    host_result<Real, D> r{std::vector<Real>(n),
                           std::vector<Real>(n),
                           std::vector<Real>(n),
                           std::vector<Real>(n),
                           std::vector<D>(c.logits.size()),
                           {}};
    const auto batch = c.batch();
    reft::token_log_probs(batch, c.weights, r.log_probs, r.entropies);
    r.stats = reft::loss_over_log_probs(loss, r.log_probs, r.entropies, c.weights, r.d_log_probs, r.d_entropies);
    const reft::workspace memory(reft::workspace_bytes(batch));
    reft::loss_over_logits(loss, batch, c.weights, c.view_of(r.d_logits), memory);
    return r;
}

template <class Real>
void check_stats(agreement& a, const reft::policy_stats& got, const reft::policy_stats& expected) {
    const auto sum = [&](const char* what, double x, double y) {
        a.check(what, 0, x, y, limit<Real> * (std::fabs(y) + static_cast<double>(expected.tokens)));
    };
    const auto count = [&](const char* what, std::int64_t x, std::int64_t y) {
        a.check(what, 0, static_cast<double>(x), static_cast<double>(y), 0.5);
    };
    a.check("loss", 0, got.loss, expected.loss, limit<Real> * (std::fabs(expected.loss) + 1));
    sum("Σ log-prob", got.log_prob, expected.log_prob);
    sum("Σ entropy", got.entropy, expected.entropy);
    sum("Σ ratio", got.ratio, expected.ratio);
    sum("Σ k1", got.old_kl_k1, expected.old_kl_k1);
    sum("Σ k3", got.old_kl_k3, expected.old_kl_k3);
    sum("largest log-ratio", got.largest_log_ratio, expected.largest_log_ratio);
    sum("Σ reference KL", got.reference_kl, expected.reference_kl);
    count("tokens", got.tokens, expected.tokens);
    count("not finite", got.non_finite, expected.non_finite);
    count("clipped", got.clipped, expected.clipped);
    count("dual clipped", got.dual_clipped, expected.dual_clipped);
}

/// The gradient of one row, each logit against the terms it is the sum of: a small one may not hide behind a large one.
template <class Case, class Row, class Result>
void check_row(agreement& a, const Case& c, const Row& got, const Row& expected, std::size_t i, const Result& host) {
    using Real = typename Case::real;
    const auto x = c.view_of(c.logits)[c.row_index[i]];
    const double scale = 1 / c.options.temperature, weight = static_cast<double>(c.weights[i]);
    // The terms of a loss may cancel: its derivative is not known better than to a share of its weight.
    const double g = std::fabs(static_cast<double>(host.d_log_probs[i])) + weight;
    const double h = std::fabs(static_cast<double>(host.d_entropies[i]));
    const double entropy = static_cast<double>(host.entropies[i]);
    const double chosen = static_cast<double>(x[c.ids[i]]);
    for (std::int64_t j = 0; j < x.extent(0); ++j) {
        const double log_p = static_cast<double>(host.log_probs[i]) + (static_cast<double>(x[j]) - chosen) * scale;
        const double p = std::exp(log_p);
        const double terms =
            scale * ((j == c.ids[i] ? g : 0) + p * g + (p > 0 ? p * h * (std::fabs(log_p) + entropy) : 0));
        const double y = static_cast<double>(expected[j]);
        a.check("d_logits of a token", static_cast<std::int64_t>(i), static_cast<double>(got[j]), y,
                limit<Real> * terms + 2 * storage_rounding<typename Row::value_type>(y));
    }
}

/// Results and gradients of the device functions against those of the host.
template <class Case, class Host, class Array, class Results>
agreement compared(const Case& c, const Host& host, const Array& d_logits, const Results& results,
                   const reft::policy_stats& stats) {
    using Real = typename Case::real;
    agreement a;
    std::vector<std::int64_t> token_of_row(static_cast<std::size_t>(c.positions()), -1);
    for (std::size_t i = 0; i < c.ids.size(); ++i) {
        const auto check = [&](const char* what, Real got, Real expected) {
            const double y = static_cast<double>(expected);
            a.check(what, static_cast<std::int64_t>(i), static_cast<double>(got), y, limit<Real> * (1 + std::fabs(y)));
        };
        check("log-prob of token", results[i].token.log_prob, host.log_probs[i]);
        check("entropy of token", results[i].token.entropy, host.entropies[i]);
        if (c.weights[i] != 0) token_of_row[static_cast<std::size_t>(c.row_index[i])] = static_cast<std::int64_t>(i);
    }
    const auto got = c.view_of(d_logits), expected = c.view_of(host.d_logits);
    for (std::int64_t row = 0; row < got.extent(0); ++row) {
        const std::int64_t token = token_of_row[static_cast<std::size_t>(row)];
        if (token >= 0) {
            check_row(a, c, got[row], expected[row], static_cast<std::size_t>(token), host);
            continue;
        }
        for (std::int64_t j = 0; j < got.extent(1); ++j)
            a.check("row without a token that counts", row, static_cast<double>(got(row, j)), 0, 0);
    }
    check_stats<Real>(a, stats, host.stats);
    return a;
}

}  // namespace gpu
