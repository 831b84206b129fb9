// A policy under examination: made anew for every check, and scored.
#pragma once

#include <reft/core/function_ref.hpp>
#include <reft/core/random.hpp>
#include <reft/kernel/logits.hpp>
#include <reft/policy/concepts.hpp>
#include <reft/testing/check_rows.hpp>
#include <reft/testing/checklist.hpp>
#include <reft/testing/policy_check_options.hpp>
#include <reft/training/policy_pass.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace reft::inline REFT_ABI::detail {

template <inspectable P>
std::vector<policy_scalar_t<P>> copied_parameters(const P& policy) {
    auto&& given = policy.parameters();
    const auto v = view(given);
    std::vector<policy_scalar_t<P>> copy(static_cast<std::size_t>(v.extent(0)));
    for (std::size_t i = 0; i < copy.size(); ++i) copy[i] = v[static_cast<std::int64_t>(i)];
    return copy;
}

/// Where each of `blocks` consecutive blocks of n parameters begins, and n.
inline std::vector<std::size_t> block_bounds(std::size_t n, std::int64_t blocks) {
    const std::size_t count = std::min(static_cast<std::size_t>(blocks), n);
    std::vector<std::size_t> bounds = {0};
    for (std::size_t b = 1; b <= count; ++b) bounds.push_back(n * b / count);
    return bounds;
}

/// How large each parameter is, as far as one step should know: the root mean square of its block; that of all where a
/// block is 0, and 1 where all are.
template <class T>
std::vector<double> parameter_scales(const std::vector<T>& parameters, std::int64_t blocks) {
    const auto mean_square = [&](std::size_t begin, std::size_t end) {
        double sum = 0;
        for (std::size_t i = begin; i < end; ++i)
            sum += static_cast<double>(parameters[i]) * static_cast<double>(parameters[i]);
        return sum / static_cast<double>(std::max<std::size_t>(1, end - begin));
    };
    const double of_all = mean_square(0, parameters.size());
    const auto bounds = block_bounds(parameters.size(), blocks);
    std::vector<double> scales;
    for (std::size_t b = 0; b + 1 < bounds.size(); ++b) {
        const double square = mean_square(bounds[b], bounds[b + 1]);
        scales.resize(bounds[b + 1], square > 0 ? std::sqrt(square) : of_all > 0 ? std::sqrt(of_all) : 1.0);
    }
    return scales;
}

template <class P>
token_scores<policy_scalar_t<P>> scores_of(P& policy, const token_batch& batch) {
    return policy_pass(policy, serial()).score(batch);
}

/// How to make the policy, and what to ask it.
template <trainable_policy P>
class policy_subject {
  public:
    using policy = P;
    using scalar = policy_scalar_t<P>;

    policy_subject(function_ref<P()> make, const policy_check_options& options)
        : options_(options),
          tolerances_(options.tolerances.value_or(default_tolerances<scalar>())),
          rows_(random_rows(options, 0)),
          make_(make) {}

    const policy_check_options& options() const { return options_; }
    const policy_tolerances& tolerances() const { return tolerances_; }
    const std::vector<check_row>& rows() const { return rows_; }
    token_batch batch(double temperature = 1.0) const { return batch_of_rows(rows_, temperature); }
    std::vector<double> temperatures() const { return {1.0, options_.temperature}; }

    policy as_made() { return make_(); }

    /// A policy with noise on its parameters, the same every time.
    policy made() {
        policy p = make_();
        if constexpr (inspectable<policy>) {
            auto parameters = copied_parameters(p);
            const auto scales = parameter_scales(parameters, options_.blocks);
            random_stream noise(options_.seed, random_purpose::initialisation);
            for (std::size_t i = 0; i < parameters.size(); ++i)
                parameters[i] += static_cast<scalar>(options_.perturbation * scales[i] * noise.normal());
            if (options_.perturbation > 0) p.set_parameters(std::span<const scalar>(parameters));
        }
        return p;
    }

    bool has_values() {
        if (!has_values_) {
            policy p = made();
            has_values_ = !scores_of(p, batch()).values.empty();
        }
        return *has_values_;
    }

  private:
    policy_check_options options_;
    policy_tolerances tolerances_;
    std::vector<check_row> rows_;
    function_ref<P()> make_;
    std::optional<bool> has_values_;
};

/// |a − b|, relative to b where b is large.
inline double deviation(double a, double b) {
    return a == b ? 0 : std::abs(a - b) / std::max(1.0, std::abs(b));  // equal infinities do not differ
}

/// Where the scores of one row stand in those of a batch.
template <class T>
struct scored_row {
    const token_scores<T>& scores;
    std::size_t begin = 0, tokens = 0;

    scored_row(const token_scores<T>& of, const token_batch& batch, std::size_t row)
        : scores(of),
          begin(static_cast<std::size_t>(batch.response_offsets()[row])),
          tokens(static_cast<std::size_t>(batch.response_offsets()[row + 1]) - begin) {}

    double log_prob(std::size_t t) const { return static_cast<double>(scores.log_probs[begin + t]); }
    double entropy(std::size_t t) const { return static_cast<double>(scores.entropies[begin + t]); }
    bool has_values() const { return !scores.values.empty(); }
    double value(std::size_t t) const { return static_cast<double>(scores.values[begin + t]); }
};

/// Notes by how much the first `tokens` tokens of a row differ from what they were. `name` begins the sentence: "Row 2".
template <class T>
void note_difference(largest_finding& largest, const std::string& name, const scored_row<T>& now,
                     const scored_row<T>& before, std::size_t tokens) {
    const auto note = [&](const char* what, std::size_t t, double a, double b) {
        largest.note(deviation(a, b), [&] {
            return name + ", response token " + std::to_string(t) + ": the " + what + " is " + figure(a) +
                   " instead of " + figure(b) + ".";
        });
    };
    for (std::size_t t = 0; t < tokens; ++t) {
        note("log-prob", t, now.log_prob(t), before.log_prob(t));
        note("entropy", t, now.entropy(t), before.entropy(t));
        if (before.has_values()) note("value", t, now.has_values() ? now.value(t) : NAN, before.value(t));
    }
}

/// The same for all rows of a batch that was scored twice. `when` ends the row's name: "when scored again".
template <class T>
void note_difference(largest_finding& largest, const std::string& when, const token_batch& batch,
                     const token_scores<T>& now, const token_scores<T>& before) {
    for (std::size_t b = 0; b < static_cast<std::size_t>(batch.count()); ++b) {
        const scored_row<T> row(before, batch, b);
        note_difference(largest, "Row " + std::to_string(b) + " " + when, scored_row<T>(now, batch, b), row,
                        row.tokens);
    }
}

}  // namespace reft::inline REFT_ABI::detail
