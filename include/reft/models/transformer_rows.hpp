// The parts of a transformer that work on one position: RMSNorm, rotary positions, softmax, SwiGLU; with gradients.
//
// None is inlined, so that decoding and training run the same machine code and give the same bits.
#pragma once

#include <reft/kernel/simd.hpp>

#include <cmath>
#include <cstdint>
#include <limits>

namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA {

template <class T>
inline T dot(const T* a, const T* b, std::int64_t n) {
    vec<T> sum{};
    for (std::int64_t i = 0; i < n; i += lanes<T>) sum = fma<T>(load(a + i, n - i), load(b + i, n - i), sum);
    return sum_of_lanes<T>(sum);
}

/// y = x·s·gain with s = (mean(x²) + epsilon)^-½. Returns s.
template <class T>
REFT_NOINLINE T rms_norm(const T* x, const T* gain, T epsilon, std::int64_t n, T* y) {
    const T scale = T(1) / std::sqrt(dot(x, x, n) / static_cast<T>(n) + epsilon);
    for (std::int64_t i = 0; i < n; i += lanes<T>)
        store(y + i, load(x + i, n - i) * scale * load(gain + i, n - i), n - i);
    return scale;
}

/// The gradient of rms_norm, given that of y:
///
///   d_x += s·gain·d_y − x·s³/n · Σ(gain·d_y·x);   x is overwritten by the terms d_y·x·s of the gain's gradient
template <class T>
REFT_NOINLINE void rms_norm_backward(T* x, const T* gain, T scale, const T* d_y, std::int64_t n, T* d_x) {
    vec<T> sum{};
    for (std::int64_t i = 0; i < n; i += lanes<T>)
        sum = fma<T>(load(gain + i, n - i) * load(d_y + i, n - i), load(x + i, n - i), sum);
    const T along = sum_of_lanes<T>(sum) * scale * scale * scale / static_cast<T>(n);
    for (std::int64_t i = 0; i < n; i += lanes<T>) {
        const vec<T> x_i = load(x + i, n - i), d_i = load(d_y + i, n - i);
        const vec<T> d = load(gain + i, n - i) * d_i * scale - x_i * along;
        store(d_x + i, load(d_x + i, n - i) + d, n - i);
        store(x + i, d_i * x_i * scale, n - i);
    }
}

/// Turns the pairs (x_c, x_{c+half}) by the angles of a position and multiplies by `scale`. A negative `direction`
/// turns back.
///
/// Source    Su et al. 2021, arXiv:2104.09864; pairs half a head apart, as LLaMA checkpoints on the Hugging Face hub.
template <class T>
REFT_NOINLINE void rotate(T* head, const T* cosines, const T* sines, std::int64_t half, T direction, T scale) {
    for (std::int64_t c = 0; c < half; c += lanes<T>) {
        const std::int64_t n = half - c;
        const vec<T> x = load(head + c, n), y = load(head + half + c, n);
        const vec<T> cosine = load(cosines + c, n) * scale, sine = load(sines + c, n) * (direction * scale);
        store(head + c, x * cosine - y * sine, n);
        store(head + half + c, x * sine + y * cosine, n);
    }
}

/// What is kept of a softmax to make it again: p = exp(s − largest)·inverse_sum.
template <class T>
struct softmax_scale {
    T largest, inverse_sum;
};

/// Makes probabilities of the first n scores; the memory behind them, up to a whole vector, is set to 0.
template <class T>
REFT_NOINLINE softmax_scale<T> softmax(T* scores, std::int64_t n) {
    const std::int64_t whole = rounded_up(n, lanes<T>);
    for (std::int64_t j = n; j < whole; ++j) scores[j] = -std::numeric_limits<T>::infinity();
    vec<T> most = load(scores);
    for (std::int64_t j = lanes<T>; j < whole; j += lanes<T>) {
        const vec<T> s = load(scores + j);
        most = s > most ? s : most;
    }
    const T largest = largest_lane<T>(most);
    vec<T> sums{};
    for (std::int64_t j = 0; j < whole; j += lanes<T>) {
        const vec<T> e = exp(vec<T>(load(scores + j) - largest));
        store(scores + j, e);
        sums += e;
    }
    const T inverse_sum = T(1) / sum_of_lanes<T>(sums);
    for (std::int64_t j = 0; j < whole; j += lanes<T>) store(scores + j, vec<T>(load(scores + j) * inverse_sum));
    return {largest, inverse_sum};
}

/// The probabilities again, from the scores and what softmax returned; and d_scores = p·(d_p − Σ p·d_p), written
/// over d_p. `along` is that sum. Both are 0 behind the first n, up to `width`.
template <class T>
REFT_NOINLINE void softmax_backward(T* scores, T* d_p, std::int64_t n, std::int64_t width, softmax_scale<T> kept,
                                    T along) {
    for (std::int64_t j = 0; j < n; j += lanes<T>) {
        const vec<T> p = exp(vec<T>(load(scores + j, n - j) - kept.largest)) * kept.inverse_sum;
        store(d_p + j, vec<T>(p * (load(d_p + j, n - j) - along)), n - j);
        store(scores + j, p, n - j);
    }
    for (std::int64_t j = n; j < width; ++j) scores[j] = d_p[j] = T(0);
}

/// y = gate·σ(gate)·up, with gate and up one behind the other.
///
/// Source    SwiGLU: Shazeer 2020, arXiv:2002.05202.
template <class T>
REFT_NOINLINE void swiglu(const T* gate_up, std::int64_t n, T* y) {
    for (std::int64_t i = 0; i < n; i += lanes<T>) {
        const vec<T> gate = load(gate_up + i, n - i), up = load(gate_up + n + i, n - i);
        store(y + i, vec<T>(gate / (exp(vec<T>(-gate)) + T(1)) * up), n - i);
    }
}

/// Writes the gradients of gate and up over them:  d_gate = d_y·up·σ·(1 + gate·(1−σ)),  d_up = d_y·gate·σ.
template <class T>
REFT_NOINLINE void swiglu_backward(T* gate_up, const T* d_y, std::int64_t n) {
    for (std::int64_t i = 0; i < n; i += lanes<T>) {
        const vec<T> gate = load(gate_up + i, n - i), up = load(gate_up + n + i, n - i), d = load(d_y + i, n - i);
        const vec<T> sigma = T(1) / (exp(vec<T>(-gate)) + T(1));
        store(gate_up + n + i, vec<T>(d * gate * sigma), n - i);
        store(gate_up + i, vec<T>(d * up * sigma * (T(1) + gate * (T(1) - sigma))), n - i);
    }
}

}  // namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA
