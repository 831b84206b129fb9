// The loops of whitening for one instruction set; see core/each_instruction_set.inl.

namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA {

template <class Real>
struct whitened {
    whitening_constants<Real> c;
    REFT_SIMD_INLINE vec<Real> operator()(const vec<Real>& x) const {
        return fma((x - all(c.mean)) - all(c.rest_of_mean), all(c.scale), all(c.shift));
    }
};

template <class Real, class T, class X>
REFT_SIMD_LOOP void whiten_row(const whitening_constants<Real>& c, const integer_run& mask, bool past_caches,
                               const strided_view<T, 1>& out, const strided_view<const X, 1>& x) {
    map_row<Real, T>(whitened<Real>{c}, mask, past_caches, out, x);
}

}  // namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA
