// A decoder-only transformer that trains, scores and samples on a CPU: the reference policy.
#pragma once

#include <reft/core/executor.hpp>
#include <reft/core/workspace.hpp>
#include <reft/models/adamw.hpp>
#include <reft/models/transformer_decoder.hpp>
#include <reft/models/transformer_layout.hpp>
#include <reft/models/transformer_options.hpp>
#include <reft/models/transformer_scorer.hpp>
#include <reft/models/transformer_weight_gradient.hpp>
#include <reft/policy/generation.hpp>
#include <reft/policy/token_batch.hpp>
#include <reft/policy/trajectory.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

// Inside the namespace of the machine flags: units built with different flags have different transformers.
namespace reft::inline REFT_ABI::inline REFT_ISA {

/// What evaluate gives: logits [response tokens, vocabulary], values [response tokens] or, without value head, [0].
template <class T>
struct transformer_output {
    strided_view<T, 2> logits;  ///< [response tokens, vocabulary], at temperature 1
    strided_view<T, 1> values;  ///< [response tokens] or [0]
};

/// The reference policy.
///
///   x_0 = E[id],   x ← x + W_o·attention(norm(x)),   x ← x + W_down·swiglu(W_gate_up·norm(x)),
///   h = norm(x),   logits = W_head·h,   value = w·h + b
///
/// Models logits_policy, logits_scorer, sampler, optimizable, snapshotable and inspectable. Everything runs on the
/// executor given at construction, which must outlive the transformer and its snapshots.
///
/// Precision every number of a row is the same bits whatever rows stand beside it, for any number of threads, in
///           training, scoring and decoding alike; gradients are the same bits for any split of a batch between
///           rows, as each parameter's gradient is one sum over the tokens in order. Other machine flags
///           (-march) may give other bits.
template <std::floating_point T>
class transformer {
  public:
    using scalar = T;                                        ///< of parameters, logits and values
    static constexpr bool logits_may_be_overwritten = true;  ///< backward does not read them again

    /// Errors    option_error if no transformer has this shape.
    transformer(const transformer_options& options, std::uint64_t seed, executor& pool)
        : net_(options),
          pool_(&pool),
          state_(initial_transformer_state<T>(options, net_.layout, seed)),
          gradient_(state_.parameters.size()),
          tasks_(detail::cpu::weight_tasks(options)) {}

    const transformer_options& options() const { return net_.options; }  ///< as given
    const transformer_layout& layout() const { return net_.layout; }     ///< of parameters and gradient

    /// Everything that training changes; give it to `restore` to continue from here.
    const transformer_state<T>& state() const { return state_; }
    /// Errors    shape_error if the state is that of another shape.
    void restore(transformer_state<T> state) {
        const std::size_t n = state_.parameters.size();
        if (state.parameters.size() != n || state.optimizer.first_moment.size() != n ||
            state.optimizer.second_moment.size() != n)
            throw shape_error("transformer::restore: state is [" + std::to_string(state.parameters.size()) +
                              "] but the transformer is [" + std::to_string(n) + "]");
        state_ = std::move(state);
        parameters_changed();
    }

    /// The parameters as one array, laid out as layout() says.
    std::span<const T> parameters() const { return state_.parameters; }
    /// The optimiser's moments stay.
    /// Errors    shape_error if there are too many or too few.
    void set_parameters(std::span<const T> values) {
        if (values.size() != state_.parameters.size())
            throw shape_error("transformer::set_parameters: values is [" + std::to_string(values.size()) +
                              "] but the parameters are [" + std::to_string(state_.parameters.size()) + "]");
        std::copy(values.begin(), values.end(), state_.parameters.begin());
        parameters_changed();
    }

    /// The accumulated gradient, laid out as the parameters; writable for sums over several machines.
    std::span<T> gradient() { return gradient_; }
    std::span<const T> gradient() const { return gradient_; }  ///< the same, to read

    /// Logits at temperature 1 and values, one row per response token; valid until backward or the next evaluate.
    /// The logits may be overwritten, by their gradient for instance.
    ///
    /// Errors    value_error if a row is longer than max_length or an id is outside the vocabulary.
    transformer_output<T> evaluate(const token_batch& batch) {
        outstanding_ = false;
        plan_.set(batch, net_.options, "transformer::evaluate");
        forward<T>(packed_parameters(), plan_, kept_, detail::cpu::activations<T>::layers::all, memory_, *pool_);
        outstanding_ = true;
        return {{kept_.logits, {plan_.responses(), net_.options.vocabulary}},
                {kept_.values, {net_.options.value_head ? plan_.responses() : 0}}};
    }

    /// Adds ∂L/∂parameters to the gradient, given ∂L/∂logits and ∂L/∂values of the evaluated batch.
    ///
    /// Shapes    d_logits: [response tokens, vocabulary]; d_values: [response tokens], or [0] for a loss without
    ///           values.
    /// Errors    shape_error if a shape differs; value_error if no evaluate is outstanding.
    void backward(strided_view<const T, 2> d_logits, strided_view<const T, 1> d_values);

    /// The same for a loss of the values alone: the transformer as a critic of its own.
    ///
    /// Errors    as backward.
    void backward_values(strided_view<const T, 1> d_values) {
        require_outstanding("transformer::backward_values");
        d_logits_.assign(static_cast<std::size_t>(plan_.responses() * net_.options.vocabulary), T(0));
        backward(strided_view<const T, 2>(d_logits_.data(), {plan_.responses(), net_.options.vocabulary}), d_values);
    }

    /// Logits without keeping anything for backward; an outstanding evaluate stays outstanding. As evaluate else.
    strided_view<const T, 2> score_logits(const token_batch& batch) {
        score_plan_.set(batch, net_.options, "transformer::score_logits");
        forward<T>(packed_parameters(), score_plan_, scored_, detail::cpu::activations<T>::layers::last, memory_,
                   *pool_);
        return {scored_.logits, {score_plan_.responses(), net_.options.vocabulary}};
    }

    /// One response per prompt, see generate. Prompts are taken in fixed groups, one task each.
    ///
    /// Errors    value_error if a prompt is empty, longer than max_length, or has an id outside the vocabulary.
    std::vector<trajectory> sample(std::span<const generation_prompt> prompts, const generation_request& request);

    /// Forgets what backward added up.
    void zero_gradient() { std::fill(gradient_.begin(), gradient_.end(), T(0)); }

    /// L2 norm of the accumulated gradient, summed in double; NaN or ∞ if the gradient is not finite.
    double gradient_norm() const {
        double sums[8] = {};  // several sums at once: one alone waits for every addition
        for (std::size_t i = 0; i < gradient_.size(); ++i)
            sums[i % 8] += static_cast<double>(gradient_[i]) * static_cast<double>(gradient_[i]);
        double sum = 0;
        for (double s : sums) sum += s;
        return std::sqrt(sum);
    }

    /// One AdamW step along gradient_scale · gradient. The gradient stays; finite or not, it is applied.
    void optimizer_step(double learning_rate, double gradient_scale);

    /// A frozen copy of the parameters, on the same executor.
    transformer_scorer<T> snapshot() const { return {net_.options, state_.parameters, *pool_}; }

  private:
    static constexpr std::int64_t group_rows = 16;  // rows decoded together

    void require_outstanding(const char* function) const {
        if (!outstanding_) throw value_error(std::string(function) + ": no evaluate is outstanding");
    }
    void parameters_changed() { forward_packed_ = backward_packed_ = outstanding_ = false; }

    detail::cpu::transformer_parameters<T> packed_parameters() {
        if (!std::exchange(forward_packed_, true))
            forward_maps_.pack_all(net_, state_.parameters.data(), detail::cpu::packed_maps<T>::factor::transposed,
                                   *pool_);
        return {net_, state_.parameters.data(), forward_maps_};
    }

    detail::cpu::transformer_network<T> net_;
    executor* pool_;
    transformer_state<T> state_;
    std::vector<T> gradient_;
    std::vector<detail::cpu::weight_task> tasks_;

    detail::cpu::packed_maps<T> forward_maps_, backward_maps_;
    bool forward_packed_ = false, backward_packed_ = false, outstanding_ = false;
    detail::cpu::row_plan plan_, score_plan_;
    detail::cpu::activations<T> kept_, scored_;
    detail::cpu::residual_gradients<T> residual_;
    std::vector<T> d_logits_;  // a copy, where backward was given logits that are not contiguous in a row
    std::vector<workspace> memory_;
    std::vector<detail::cpu::decoder_memory<T>> decoders_;
};

template <std::floating_point T>
void transformer<T>::backward(strided_view<const T, 2> d_logits, strided_view<const T, 1> d_values) {
    require_outstanding("transformer::backward");
    const strided_view<const T, 2> logits(kept_.logits, {plan_.responses(), net_.options.vocabulary});
    detail::require_same_shape("transformer::backward", "d_logits", d_logits, "logits", logits);
    const strided_view<const T, 1> values(kept_.values, {net_.options.value_head ? plan_.responses() : 0});
    if (!d_values.empty()) detail::require_same_shape("transformer::backward", "d_values", d_values, "values", values);
    outstanding_ = false;
    if (plan_.responses() == 0) return;
    if (d_logits.stride(1) != 1) {
        d_logits_.resize(static_cast<std::size_t>(d_logits.size()));
        for (std::int64_t r = 0, at = 0; r < d_logits.extent(0); ++r)
            for (std::int64_t j = 0; j < d_logits.extent(1); ++j)
                d_logits_[static_cast<std::size_t>(at++)] = d_logits(r, j);
        d_logits = {d_logits_.data(), d_logits.extents()};
    }
    if (!std::exchange(backward_packed_, true))
        backward_maps_.pack_all(net_, state_.parameters.data(), detail::cpu::packed_maps<T>::factor::plain, *pool_);
    residual_.reserve(net_, plan_);
    detail::cpu::reserve_workers(memory_, *pool_, detail::cpu::backward_bytes(net_, plan_));
    const detail::cpu::output_gradients<T> d_out{{d_logits.data(), d_logits.stride(0)}, d_values};
    const detail::cpu::transformer_parameters<T> parameters = packed_parameters();
    pool_->run(plan_.tasks(), [&](std::int64_t task, int worker) {
        backward_rows(parameters, backward_maps_, plan_, task, kept_, residual_, d_out,
                      memory_[static_cast<std::size_t>(worker)]);
    });
    const detail::cpu::weight_gradient<T> weights{net_, plan_, kept_, residual_, d_out, gradient_.data()};
    pool_->run(static_cast<std::int64_t>(tasks_.size()),
               [&](std::int64_t i, int) { weights.run(tasks_[static_cast<std::size_t>(i)]); });
}

template <std::floating_point T>
std::vector<trajectory> transformer<T>::sample(std::span<const generation_prompt> prompts,
                                               const generation_request& request) {
    const transformer_options& o = net_.options;
    detail::require_option(request.max_new_tokens >= 0, "transformer::sample", "max_new_tokens must not be negative",
                           static_cast<double>(request.max_new_tokens));
    std::int64_t longest = 0;
    for (const generation_prompt& p : prompts) {
        detail::cpu::require_ids(p.ids, o.vocabulary, "transformer::sample", p.row);
        longest = std::max(longest, detail::response_limit(p, request.max_new_tokens, o.max_length) +
                                        static_cast<std::int64_t>(p.ids.size()));
    }
    const auto parameters = packed_parameters();
    decoders_.resize(static_cast<std::size_t>(pool_->workers()));
    std::vector<trajectory> result(prompts.size());
    for_ranges(*pool_, static_cast<std::int64_t>(prompts.size()), group_rows,
               [&](std::int64_t begin, std::int64_t end, int worker) {
                   detail::cpu::transformer_decoder<T> decoder(parameters, end - begin, longest,
                                                               decoders_[static_cast<std::size_t>(worker)]);
                   auto group = generate(
                       decoder, prompts.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)),
                       request);
                   std::move(group.begin(), group.end(), result.begin() + begin);
               });
    return result;
}

template <std::floating_point T>
void transformer<T>::optimizer_step(double learning_rate, double gradient_scale) {
    const detail::adamw_step_size<T> size(++state_.optimizer.steps, learning_rate, gradient_scale,
                                          net_.options.optimizer);
    for_ranges(*pool_, net_.layout.size(), 16384, [&](std::int64_t begin, std::int64_t end, int) {
        detail::adamw_range(state_.parameters.data() + begin, gradient_.data() + begin,
                            state_.optimizer.first_moment.data() + begin, state_.optimizer.second_moment.data() + begin,
                            end - begin, size);
    });
    parameters_changed();
}

}  // namespace reft::inline REFT_ABI::inline REFT_ISA
