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
#include <utility>
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

template <class T>
double root_mean_square(std::span<const T> x) {
    double sum = 0;
    for (const T e : x) sum += static_cast<double>(e) * static_cast<double>(e);
    return x.empty() ? 0 : std::sqrt(sum / static_cast<double>(x.size()));
}

/// The unit of steps in parameter space; 1 where all parameters are 0.
template <class T>
double parameter_unit(const std::vector<T>& parameters) {
    const double rms = root_mean_square<T>(parameters);
    return rms > 0 ? rms : 1;
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
            const double unit = options_.perturbation * parameter_unit(parameters);
            random_stream noise(options_.seed, random_purpose::initialisation);
            for (scalar& x : parameters) x += static_cast<scalar>(unit * noise.normal());
            if (unit > 0) p.set_parameters(std::span<const scalar>(parameters));
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
