// Peers that have no automatic derivatives: the same rows, each library with its own words for the three steps.
#pragma once

#include <memory>
#include <vector>

#include "bench/kernel/logits_peers/problem.hpp"
#include "bench/support/contest.hpp"

namespace bench {

/// What is known of a row after it was read.
struct row_scores {
    float largest = 0;
    float sum = 0;      ///< Σ exp(z − largest)
    float entropy = 0;  ///< if asked for
    float log_prob_of(float z) const { return z - largest - std::log(sum); }
};

/// How much of p and of p·(log p + H) the gradient of a row has.
struct row_slopes {
    float d_log_prob, d_entropy;
};

/// Library is a class with the static functions
///
///   row_scores scores(const float* z, std::int64_t vocabulary, bool entropy)
///   void gradient(const float* z, std::int64_t vocabulary, const row_scores&, row_slopes, float* d)   d may be z; without the 1 at the id
///   float kl(const float* z, const float* other, std::int64_t vocabulary)
///
/// They may keep a row of their own, in a thread_local variable.
template <class Library>
struct row_peer {
    using Problem = logits_problem<float>;

    static job forward_job(const shape& s, bool entropy) {
        auto& p = problem_of<Problem>(s);
        const auto log_probs = std::make_shared<std::vector<float>>(p.ids.size());
        const auto entropies = std::make_shared<std::vector<float>>(p.ids.size());
        return {[=, &p] {
                    for (std::size_t n = 0; n < p.ids.size(); ++n) {
                        const float* z = p.row(p.logits, static_cast<std::int64_t>(n));
                        const row_scores r = Library::scores(z, p.vocabulary, entropy);
                        (*log_probs)[n] = r.log_prob_of(z[p.ids[n]]);
                        (*entropies)[n] = r.entropy;
                    }
                },
                [=, &p] {
                    answers all{{"log_probs", numbers_of(log_probs->data(), p.tokens)}};
                    if (entropy) all["entropies"] = numbers_of(entropies->data(), p.tokens);
                    return all;
                },
                {}};
    }

    static job kl_job(const shape& s) {
        auto& p = problem_of<Problem>(s);
        const auto kl = std::make_shared<std::vector<float>>(p.ids.size());
        return {[=, &p] {
                    for (std::int64_t n = 0; n < p.tokens; ++n)
                        (*kl)[static_cast<std::size_t>(n)] =
                            Library::kl(p.row(p.logits, n), p.row(p.in_place, n), p.vocabulary);
                },
                [=, &p] {
                    return answers{{"kl", numbers_of(kl->data(), p.tokens)}};
                },
                [&p] { fill_second_logits(p); }};
    }

    static double loss_over(loss_kind kind, const Problem& p, const buffer<float>& from, const buffer<float>& to) {
        double loss = 0;
        for (std::size_t n = 0; n < p.ids.size(); ++n) {
            const float* z = p.row(from, static_cast<std::int64_t>(n));
            float* d = p.row(to, static_cast<std::int64_t>(n));
            const row_scores r = Library::scores(z, p.vocabulary, kind == loss_kind::ppo);
            const token_term term = term_of(kind, p, n, r.log_prob_of(z[p.ids[n]]), r.entropy);
            loss += static_cast<double>(term.loss);
            Library::gradient(z, p.vocabulary, r, {term.d_log_prob, term.d_entropy}, d);
            d[p.ids[n]] += term.d_log_prob;
        }
        return loss;
    }

    static job gradient_job(loss_kind kind, const shape& s, bool to_buffer) {
        auto& p = problem_of<Problem>(s);
        const buffer<float>& from = to_buffer ? p.logits : p.in_place;
        const buffer<float>& to = to_buffer ? p.gradient : p.in_place;
        const auto loss = std::make_shared<double>();
        return {[=, &p] { *loss = loss_over(kind, p, from, to); },
                [=, &p] { return loss_and_gradient(*loss, to.data(), p.tokens, p.vocabulary); },
                [&p] { p.start_over(); }};
    }

    /// They have one thread.
    static std::vector<contestant> list(const std::string& who, const shape& s, int threads) {
        std::vector<contestant> all;
        if (threads > 1) return all;
        all.push_back(forward("log_prob", who, s, [=] { return forward_job(s, false); }));
        all.push_back(forward("log_prob_entropy", who, s, [=] { return forward_job(s, true); }));
        all.push_back(forward("full_kl", who, s, [=] { return kl_job(s); }));
        for (const loss_kind kind : {loss_kind::ppo, loss_kind::ppo_no_entropy, loss_kind::cross_entropy})
            for (const bool to_buffer : {false, true})
                all.push_back(with_gradient(kind, to_buffer, who, s, [=] { return gradient_job(kind, s, to_buffer); }));
        return all;
    }
};

}  // namespace bench
