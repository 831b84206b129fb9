// The loops of KL estimates for one instruction set; see core/each_instruction_set.inl.

namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA {

/// k1, k2 or abs, as kl_estimate has them.
template <class Real>
struct estimated_kl {
    kl_estimator estimator;
    REFT_SIMD_INLINE vec<Real> operator()(const vec<Real>& log_probs, const vec<Real>& ref_log_probs) const {
        const vec<Real> d = log_probs - ref_log_probs;
        if (estimator == kl_estimator::k1) return d;
        if (estimator == kl_estimator::k2) return all(Real(0.5)) * d * d;
        return d < 0 ? -d : d;
    }
};

template <class T, class P, class Q>
REFT_SIMD_LOOP void kl_of_row(kl_estimator estimator, const integer_run& mask, bool past_caches,
                              const strided_view<T, 1>& out, const strided_view<const P, 1>& log_probs,
                              const strided_view<const Q, 1>& ref_log_probs) {
    using Real = computed_in<T, P, Q>;
    map_row<Real, T>(estimated_kl<Real>{estimator}, mask, past_caches, out, log_probs, ref_log_probs);
}

}  // namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA
