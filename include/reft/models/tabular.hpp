// A policy that is a table: one row of logits and one value for every context of a few tokens.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/models/tabular_contexts.hpp>
#include <reft/policy/generation.hpp>
#include <reft/policy/token_batch.hpp>
#include <reft/policy/trajectory.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

/// Everything that training changes, and in the same layout its gradient.
template <std::floating_point T>
struct tabular_state {
    std::vector<T> logits = {};  ///< [contexts, vocabulary]
    std::vector<T> values = {};  ///< [contexts], or [0] without value head
};

/// What evaluate gives: logits [response tokens, vocabulary], values [response tokens] or, without value head, [0].
template <class T>
struct tabular_output {
    strided_view<T, 2> logits;  ///< [response tokens, vocabulary], at temperature 1
    strided_view<T, 1> values;  ///< [response tokens] or [0]
};

namespace detail {

/// A row of a decoder is the context it has reached.
template <class T>
struct tabular_decoder {
    const tabular_contexts& contexts;
    strided_view<const T, 2> table;
    std::vector<std::int64_t> reached;

    std::int64_t capacity() const { return static_cast<std::int64_t>(reached.size()); }
    std::int64_t max_length() const { return std::numeric_limits<std::int64_t>::max(); }
    void prefill(std::int64_t row, std::span<const token_id> ids) {
        reached[static_cast<std::size_t>(row)] = contexts.after(ids);
    }
    void decode(std::span<const std::int64_t> rows, std::span<const token_id> ids) {
        for (std::size_t i = 0; i < rows.size(); ++i) {
            std::int64_t& context = reached[static_cast<std::size_t>(rows[i])];
            context = contexts.after(context, ids[i]);
        }
    }
    strided_view<const T, 1> logits(std::int64_t row) const { return table[reached[static_cast<std::size_t>(row)]]; }
    void drop(std::int64_t) {}
};

}  // namespace detail

/// A softmax policy without a network: nothing is shared between contexts, so that any policy over short contexts
/// can be written down, and expectations over all its responses can be enumerated.
///
///   logits = table[context],   value = values[context],   context = the last `order` tokens of the row
///
/// A row with fewer tokens has a context of its own. Models logits_policy, logits_scorer, sampler, optimizable,
/// snapshotable and inspectable; the snapshot is a copy.
///
/// Gradient  every parameter's is one sum over the tokens in order: the same bits for any split between rows.
/// Errors    evaluate, score_logits, sample: value_error if an id is outside the vocabulary.
template <std::floating_point T>
class tabular_policy {
  public:
    using scalar = T;                                        ///< of parameters, logits and values
    static constexpr bool logits_may_be_overwritten = true;  ///< backward does not read them again

    /// All logits and values are 0: the uniform policy.
    /// Errors    option_error if an option is out of range or the table too large.
    explicit tabular_policy(const tabular_options& options)
        : options_(options),
          contexts_(options),
          state_{std::vector<T>(static_cast<std::size_t>(contexts_.count() * options.vocabulary)),
                 std::vector<T>(static_cast<std::size_t>(options.value_head ? contexts_.count() : 0))},
          gradient_(state_) {}

    const tabular_options& options() const { return options_; }     ///< as given
    const tabular_contexts& contexts() const { return contexts_; }  ///< the rows of the table

    /// The table; give it to `restore` to continue from here.
    const tabular_state<T>& state() const { return state_; }
    /// Errors    shape_error if the state is that of another table.
    void restore(tabular_state<T> state) {
        if (state.logits.size() != state_.logits.size() || state.values.size() != state_.values.size())
            throw shape_error("tabular_policy::restore: logits and values are [" + std::to_string(state.logits.size()) +
                              "] and [" + std::to_string(state.values.size()) + "] but the table has [" +
                              std::to_string(state_.logits.size()) + "] and [" + std::to_string(state_.values.size()) +
                              "]");
        state_ = std::move(state);
        outstanding_ = false;
    }

    /// The accumulated gradient, laid out as the state.
    const tabular_state<T>& gradient_state() const { return gradient_; }

    /// A flat copy of all parameters: the logits, then the values.
    std::vector<T> parameters() const { return flat(state_); }
    /// A flat copy of the accumulated gradient, in the same order.
    std::vector<T> gradient() const { return flat(gradient_); }
    /// Errors    shape_error if these are not as many as there are parameters.
    void set_parameters(std::span<const T> values) {
        const std::size_t logits = state_.logits.size(), all = logits + state_.values.size();
        if (values.size() != all)
            throw shape_error("tabular_policy::set_parameters: values is [" + std::to_string(values.size()) +
                              "] but the table has [" + std::to_string(all) + "]");
        restore({{values.begin(), values.begin() + static_cast<std::ptrdiff_t>(logits)},
                 {values.begin() + static_cast<std::ptrdiff_t>(logits), values.end()}});
    }

    /// Logits at temperature 1 and values, one row per response token; valid until the next evaluate. The logits
    /// may be overwritten, by their gradient for instance.
    tabular_output<T> evaluate(const token_batch& batch) {
        outstanding_ = false;
        gather_logits(batch, evaluated_, logits_);
        values_.clear();
        if (options_.value_head)
            for (const std::int64_t context : evaluated_)
                values_.push_back(state_.values[static_cast<std::size_t>(context)]);
        outstanding_ = true;
        return {{logits_.data(), {batch.response_tokens(), options_.vocabulary}}, view(values_)};
    }

    /// Adds ∂L/∂parameters to the gradient, given ∂L/∂logits and ∂L/∂values of the evaluated batch.
    ///
    /// Shapes    d_logits: [response tokens, vocabulary]; d_values: [response tokens], or [0] for a loss without
    ///           values.
    /// Errors    shape_error if a shape differs; value_error if no evaluate is outstanding.
    void backward(strided_view<const T, 2> d_logits, strided_view<const T, 1> d_values) {
        if (!outstanding_) throw value_error("tabular_policy::backward: no evaluate is outstanding");
        const auto tokens = static_cast<std::int64_t>(evaluated_.size());
        const strided_view<const T, 2> logits(logits_.data(), {tokens, options_.vocabulary});
        detail::require_same_shape("tabular_policy::backward", "d_logits", d_logits, "logits", logits);
        if (!d_values.empty())
            detail::require_same_shape("tabular_policy::backward", "d_values", d_values, "values", view(values_));
        outstanding_ = false;
        for (std::int64_t i = 0; i < tokens; ++i) {
            const std::int64_t context = evaluated_[static_cast<std::size_t>(i)];
            T* row = gradient_.logits.data() + context * options_.vocabulary;
            for (std::int64_t j = 0; j < options_.vocabulary; ++j) row[j] += d_logits(i, j);
            if (!d_values.empty()) gradient_.values[static_cast<std::size_t>(context)] += d_values[i];
        }
    }

    /// Logits without keeping anything for backward; an outstanding evaluate stays outstanding. Valid until the
    /// next call.
    strided_view<const T, 2> score_logits(const token_batch& batch) {
        gather_logits(batch, scored_, scored_logits_);
        return {scored_logits_.data(), {batch.response_tokens(), options_.vocabulary}};
    }

    /// One response per prompt, see generate.
    std::vector<trajectory> sample(std::span<const generation_prompt> prompts,
                                   const generation_request& request) const {
        const std::size_t rows_at_once = std::clamp<std::size_t>(prompts.size(), 1, 64);
        detail::tabular_decoder<T> decoder{contexts_,
                                           {state_.logits.data(), {contexts_.count(), options_.vocabulary}},
                                           std::vector<std::int64_t>(rows_at_once)};
        return generate(decoder, prompts, request);
    }

    /// Forgets what backward added up.
    void zero_gradient() {
        std::fill(gradient_.logits.begin(), gradient_.logits.end(), T(0));
        std::fill(gradient_.values.begin(), gradient_.values.end(), T(0));
    }

    /// L2 norm of the accumulated gradient, summed in double.
    double gradient_norm() const {
        double sum = 0;
        for (const std::vector<T>* part : {&gradient_.logits, &gradient_.values})
            for (const T g : *part) sum += static_cast<double>(g) * static_cast<double>(g);
        return std::sqrt(sum);
    }

    /// One step of plain gradient descent: θ ← θ − learning_rate·gradient_scale·gradient. The gradient stays.
    void optimizer_step(double learning_rate, double gradient_scale) {
        const T step = static_cast<T>(learning_rate * gradient_scale);
        const auto descend = [step](std::vector<T>& x, const std::vector<T>& g) {
            for (std::size_t i = 0; i < x.size(); ++i) x[i] -= step * g[i];
        };
        descend(state_.logits, gradient_.logits);
        descend(state_.values, gradient_.values);
        outstanding_ = false;
    }

    /// A copy, which does not learn with this one.
    tabular_policy snapshot() const { return *this; }

  private:
    static std::vector<T> flat(const tabular_state<T>& state) {
        std::vector<T> all = state.logits;
        all.insert(all.end(), state.values.begin(), state.values.end());
        return all;
    }

    /// The context in front of every response token, and its logits.
    void gather_logits(const token_batch& batch, std::vector<std::int64_t>& contexts, std::vector<T>& logits) const {
        contexts.clear();
        for (std::int64_t b = 0; b < batch.count(); ++b) {
            const auto row = static_cast<std::size_t>(b);
            const auto begin = static_cast<std::size_t>(batch.offsets()[row]);
            const auto length = static_cast<std::size_t>(batch.offsets()[row + 1]) - begin;
            const auto prompt = static_cast<std::size_t>(batch.prompt_lengths()[row]);
            const std::span<const token_id> ids = batch.ids().subspan(begin, length);
            contexts_.after(ids);  // refuses what is outside the vocabulary
            std::int64_t context = contexts_.after(ids.first(prompt));
            for (std::size_t t = prompt; t < length; ++t) {
                contexts.push_back(context);
                context = contexts_.after(context, ids[t]);
            }
        }
        logits.clear();
        for (const std::int64_t context : contexts) {
            const auto row = state_.logits.begin() + static_cast<std::ptrdiff_t>(context * options_.vocabulary);
            logits.insert(logits.end(), row, row + static_cast<std::ptrdiff_t>(options_.vocabulary));
        }
    }

    tabular_options options_;
    tabular_contexts contexts_;
    tabular_state<T> state_, gradient_;
    std::vector<std::int64_t> evaluated_, scored_;  // the context in front of every response token
    std::vector<T> logits_, values_, scored_logits_;
    bool outstanding_ = false;
};

}  // namespace reft::inline REFT_ABI
