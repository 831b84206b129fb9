// A frozen transformer: the reference policy π⁽⁰⁾ of a run, or any earlier state of a policy.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/executor.hpp>
#include <reft/core/workspace.hpp>
#include <reft/models/transformer_forward.hpp>
#include <reft/models/transformer_options.hpp>
#include <reft/policy/token_batch.hpp>

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

// Inside the namespace of the machine flags: units built with different flags have different transformers.
namespace reft::inline REFT_ABI::inline REFT_ISA {

/// A transformer that does not learn: the parameters of a snapshot. Models logits_scorer.
template <std::floating_point T>
class transformer_scorer {
  public:
    using scalar = T;  ///< of parameters and logits

    /// Takes the parameters of a state; the executor must outlive it.
    ///
    /// Errors    option_error if no transformer has this shape; shape_error if it has another number of parameters.
    transformer_scorer(const transformer_options& options, std::vector<T> parameters, executor& pool)
        : net_(options), parameters_(std::move(parameters)), pool_(&pool) {
        if (static_cast<std::int64_t>(parameters_.size()) != net_.layout.size())
            throw shape_error("transformer_scorer: parameters is [" + std::to_string(parameters_.size()) +
                              "] but the options ask for [" + std::to_string(net_.layout.size()) + "]");
        maps_.pack_all(net_, parameters_.data(), detail::cpu::packed_maps<T>::factor::transposed, pool);
    }

    /// Logits [response tokens, vocabulary] at temperature 1, valid until the next call.
    /// Errors    value_error if a row is longer than max_length or an id is outside the vocabulary.
    strided_view<const T, 2> score_logits(const token_batch& batch) {
        plan_.set(batch, net_.options, "transformer_scorer::score_logits");
        forward<T>({net_, parameters_.data(), maps_}, plan_, kept_, detail::cpu::activations<T>::layers::last, memory_,
                   *pool_);
        return {kept_.logits, {plan_.responses(), net_.options.vocabulary}};
    }

    const transformer_options& options() const { return net_.options; }  ///< as given
    std::span<const T> parameters() const { return parameters_; }        ///< in the order of transformer_layout

  private:
    detail::cpu::transformer_network<T> net_;
    std::vector<T> parameters_;
    executor* pool_;
    detail::cpu::packed_maps<T> maps_;
    detail::cpu::row_plan plan_;
    detail::cpu::activations<T> kept_;
    std::vector<workspace> memory_;
};

}  // namespace reft::inline REFT_ABI::inline REFT_ISA
