// The clipped value loss of PPO.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/loss/token_loss.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <utility>

namespace reft::inline REFT_ABI {

/// How far a value may move from the one that the advantages were made with.
struct clipped_value_options {
    double clip_range = 0.2;  ///< ε around the old value, >= 0; infinity: plain squared error
};

/// Throws option_error, naming the option, if one is outside its range.
inline void require_valid(const clipped_value_options& o) {
    detail::require_option(o.clip_range >= 0, "clipped_value", "clip_range must not be negative", o.clip_range);
}

/// Clipped value loss of one token, and its derivative.
///
///   L = ½·max((V − R)², (clip(V, V_old−ε, V_old+ε) − R)²)
///
/// Shapes    old_values, returns: [tokens] or [batch, time], like the values it is evaluated on.
/// Masking   by the weights of the kernel; entries with weight 0 are not read.
/// Gradient  ∂L/∂V = V − R; 0 where the clipped branch is strictly the larger one.
/// Statistics  value, squared_error, clipped.
/// Errors    option_error from the constructor; shape_error from the kernel.
/// Source    Luong et al. 2024, arXiv:2401.08967; TRL, verl and OpenRLHF have the same.
/// Differs   the paper prints clip(V − R, Â−ε, Â+ε), a slip of sign: its code has what stands here. The factor ½ is
///           in the loss: a value_coef of 5 weighs the squared error with 2.5, as in the paper's code.
template <class T>
class clipped_value {
  public:
    using real = accumulator_t<T>;  ///< what it computes in

    /// Views both arrays, which must outlive it.
    template <token_tensor OldValues, token_tensor Returns>
    clipped_value(OldValues&& old_values, Returns&& returns, const clipped_value_options& options = {})
        : old_values_(tokens_of(std::forward<OldValues>(old_values))),
          returns_(tokens_of(std::forward<Returns>(returns))),
          clip_range_(static_cast<real>(options.clip_range)) {
        require_valid(options);
        static_assert(std::same_as<scalar_t<OldValues>, T> && std::same_as<scalar_t<Returns>, T>,
                      "reft::clipped_value: old_values and returns must have the same scalar type");
        detail::require_same_shape("clipped_value", "old_values", old_values_, "returns", returns_);
    }

    /// Throws shape_error unless its arrays have these extents.
    void require_extents(const std::array<std::int64_t, 2>& extents) const {
        if (extents != returns_.extents())
            throw shape_error("clipped_value: values is " + detail::shape_text(extents.data(), 2) + " but returns is " +
                              detail::shape_text(returns_));
    }

    /// The loss of token i; adds to the statistics named above.
    REFT_HD value_term<real> operator()(token_index i, real value, value_stats& stats) const {
        const real old_value = static_cast<real>(old_values_(i.row, i.column));
        const real target = static_cast<real>(returns_(i.row, i.column));
        const real low = old_value - clip_range_, high = old_value + clip_range_;
        const real clipped_to = value < low ? low : value > high ? high : value;
        const real error = value - target, clipped_error = clipped_to - target;
        const bool clipped = clipped_error * clipped_error > error * error;
        stats.value += static_cast<double>(value);
        stats.squared_error += static_cast<double>(error) * static_cast<double>(error);
        stats.clipped += clipped;
        const real larger = clipped ? clipped_error : error;
        return {real(0.5) * larger * larger, clipped ? real(0) : error};
    }

  private:
    token_view<const T> old_values_;
    token_view<const T> returns_;
    real clip_range_;
};

template <class OldValues, class Returns>
clipped_value(OldValues&&, Returns&&) -> clipped_value<scalar_t<OldValues>>;
template <class OldValues, class Returns>
clipped_value(OldValues&&, Returns&&, const clipped_value_options&) -> clipped_value<scalar_t<OldValues>>;

}  // namespace reft::inline REFT_ABI
