// The loss whose gradient is examined: a weighted sum of log-probs, entropies and values with random weights.
#pragma once

#include <reft/core/random.hpp>
#include <reft/core/strided_view.hpp>
#include <reft/loss/token_loss.hpp>
#include <reft/testing/policy_subject.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace reft::inline REFT_ABI::detail {

enum class loss_part { log_probs, entropies, values };

inline const char* text_of(loss_part part) {
    return part == loss_part::log_probs ? "log-probs" : part == loss_part::entropies ? "entropies" : "values";
}

/// The weights of some rows' tokens. They belong to (row number, token), whatever batch the row is put into.
template <class T>
struct token_coefficients {
    std::vector<T> log_probs = {}, entropies = {}, values = {};

    std::vector<T>& of(loss_part part) {
        return part == loss_part::log_probs ? log_probs : part == loss_part::entropies ? entropies : values;
    }
};

template <class T>
token_coefficients<T> random_coefficients(std::span<const check_row> rows, std::span<const loss_part> parts,
                                          std::uint64_t seed, double scale) {
    token_coefficients<T> all;
    for (const loss_part part : {loss_part::log_probs, loss_part::entropies, loss_part::values}) {
        const bool wanted = std::find(parts.begin(), parts.end(), part) != parts.end();
        for (const check_row& row : rows)
            for (std::uint32_t t = 0; t < row.response.size(); ++t) {
                const double u = uniform(seed, {random_purpose::user, static_cast<std::uint32_t>(part), row.number, t});
                all.of(part).push_back(static_cast<T>(wanted ? scale * (2 * u - 1) : 0));
            }
    }
    return all;
}

/// Σ_t a_t·log_prob_t + b_t·H_t. `between` is called when the policy has been evaluated and has not gone back yet.
template <class Real>
struct linear_policy_loss {
    using real = Real;
    static constexpr bool needs_entropy = true;

    std::span<const Real> on_log_probs, on_entropies;
    const std::function<void()>* between = nullptr;

    void require_extents(const std::array<std::int64_t, 2>&) const {}
    void prepare(token_view<const Real>, token_view<const Real>) {
        if (between) (*between)();
    }
    policy_term<Real> operator()(token_index i, policy_token<Real> token, policy_stats&) const {
        const auto at = static_cast<std::size_t>(i.column);
        const Real a = on_log_probs[at], b = on_entropies[at];
        return {a * token.log_prob + b * token.entropy, a, b};
    }
};

template <class Real>
struct linear_value_loss {
    using real = Real;
    std::span<const Real> on_values;

    void require_extents(const std::array<std::int64_t, 2>&) const {}
    value_term<Real> operator()(token_index i, Real value, value_stats&) const {
        const Real c = on_values[static_cast<std::size_t>(i.column)];
        return {c * value, c};
    }
};

/// What the gradient of a few rows is asked for.
struct gradient_question {
    std::vector<check_row> rows = {};
    std::vector<loss_part> parts = {loss_part::log_probs, loss_part::entropies, loss_part::values};
    double temperature = 1.0;
    double scale = 1.0;  // of all coefficients
    std::function<void()> between = {};
};

/// The loss in double, from a forward pass.
template <class Policy>
double linear_loss(Policy& policy, const gradient_question& question, std::uint64_t seed) {
    using T = policy_scalar_t<Policy>;
    const auto scores = scores_of(policy, batch_of_rows(question.rows, question.temperature));
    const auto c = random_coefficients<T>(question.rows, question.parts, seed, question.scale);
    double loss = 0;
    for (std::size_t i = 0; i < scores.log_probs.size(); ++i) {
        loss += static_cast<double>(c.log_probs[i]) * static_cast<double>(scores.log_probs[i]) +
                static_cast<double>(c.entropies[i]) * static_cast<double>(scores.entropies[i]);
        if (!scores.values.empty()) loss += static_cast<double>(c.values[i]) * static_cast<double>(scores.values[i]);
    }
    return loss;
}

/// Adds the gradient of the loss to the policy's, by evaluate and backward.
template <class Policy>
void add_gradient(Policy& policy, const gradient_question& question, std::uint64_t seed, bool has_values) {
    using T = policy_scalar_t<Policy>;
    const token_batch batch = batch_of_rows(question.rows, question.temperature);
    const auto c = random_coefficients<T>(question.rows, question.parts, seed, question.scale);
    const std::vector<T> ones(static_cast<std::size_t>(batch.response_tokens()), T(1));
    const linear_policy_loss<T> loss{c.log_probs, c.entropies, question.between ? &question.between : nullptr};
    policy_pass pass(policy, serial());
    if (has_values)
        pass.accumulate_gradient(batch, loss, linear_value_loss<T>{c.values}, ones);
    else
        pass.accumulate_gradient(batch, loss, no_value_loss(), ones);
}

}  // namespace reft::inline REFT_ABI::detail
