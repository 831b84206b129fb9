// What the tests do with vectors; see core/each_instruction_set.inl.

namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA {

template <class Real>
REFT_SIMD_LOOP void test_exp2(const Real* x, Real* value, Real* exponent, std::int64_t n) {
    for (std::int64_t i = 0; i < n; i += lanes<Real>) {
        const power_of_two<Real> p = exp2(load(x + i));
        store(value + i, p.value);
        store(exponent + i, p.exponent);
    }
}

REFT_SIMD_LOOP inline void test_log_of_sum(const double* a, const double* b, double* out, std::int64_t n) {
    for (std::int64_t i = 0; i < n; i += lanes<double>) store(out + i, log_of_sum(load(a + i), load(b + i)));
}

template <class To, class From>
REFT_SIMD_LOOP void test_convert(const From* from, To* to, std::int64_t n) {
    for (std::int64_t i = 0; i < n; i += lanes<float>) store(to + i, load(from + i));
}

/// The sum of a vector, its largest number, and its sum after widening.
template <class Real>
REFT_SIMD_LOOP void test_sums(const Real* x, double* out) {
    const vec<Real> v = load(x);
    doubles wide = {};
    add_widened(wide, v);
    out[0] = static_cast<double>(sum_of(v));
    out[1] = static_cast<double>(largest_of(v));
    out[2] = sum_of(wide);
}

/// larger, smaller, fma and all_at_most of a and b, which fill a vector each.
template <class Real>
REFT_SIMD_LOOP void test_pairs(const Real* a, const Real* b, Real* out) {
    constexpr std::int64_t w = lanes<Real>;
    const vec<Real> x = load(a), y = load(b);
    store(out, larger(x, y));
    store(out + w, smaller(x, y));
    store(out + 2 * w, fma(x, y, x));
    out[3 * w] = all_at_most(x, y) ? Real(1) : Real(0);
}

template <class Real>
REFT_SIMD_LOOP std::int64_t test_lanes() {
    return lanes<Real>;
}

/// (Σx) in the order in which it is written, and a·b + c in two roundings, whatever the flags of the program.
REFT_SIMD_LOOP inline float test_order(const float* x, std::int64_t n) {
    float sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum = (sum + x[i]) - x[i];
    return sum;
}

}  // namespace reft::inline REFT_ABI::detail::REFT_SIMD::inline REFT_ISA
