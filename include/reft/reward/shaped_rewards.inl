// The loop of KL-shaped rewards for one instruction set; see core/each_instruction_set.inl.

namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA {

template <class Real>
struct negative_multiple {
    Real coef;
    REFT_SIMD_INLINE vec<Real> operator()(const vec<Real>& kl) const { return all(-coef) * kl; }
};

template <class Real, class T, class K>
REFT_SIMD_LOOP void kl_rewards_of_row(Real kl_coef, const integer_run& mask, bool past_caches,
                                      const strided_view<T, 1>& out, const strided_view<const K, 1>& kl) {
    map_row<Real, T>(negative_multiple<Real>{kl_coef}, mask, past_caches, out, kl);
}

}  // namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA
