// The inputs that reft and its peers share: logits of every token with what the losses need beside them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "bench/support/buffer.hpp"
#include "bench/support/contest.hpp"

namespace bench {

/// Type of the per-token numbers that go with logits of type T.
template <class T>
struct per_token {
    using type = float;
};
template <>
struct per_token<double> {
    using type = double;
};

/// Logits between −3 and 3 with a variance of 1, ids all over the vocabulary. No token is clipped, also when logits
/// have been overwritten with their gradient: every kernel has its whole work to do.
template <class T>
struct logits_problem {
    using Real = typename per_token<T>::type;

    explicit logits_problem(const shape& s)
        : tokens(s.at(0)),
          vocabulary(s.at(1)),
          size(static_cast<std::size_t>(tokens * vocabulary)),
          logits(size),
          in_place(size),
          gradient(size),
          old_log_probs(static_cast<std::size_t>(tokens), static_cast<Real>(2.4 - std::log(double(vocabulary)))),
          advantages(old_log_probs.size()),
          weights(old_log_probs.size(), Real(1) / static_cast<Real>(tokens)),
          ids(old_log_probs.size()),
          ids_32(old_log_probs.size()) {
        const std::vector<T> numbers = some_numbers();
        for (std::size_t i = 0; i < size; i += numbers.size())
            std::copy_n(numbers.begin(), std::min(numbers.size(), size - i), logits.begin() + i);
        for (std::size_t n = 0; n < ids.size(); ++n) {
            ids[n] = static_cast<std::int64_t>(n) * 7919 % vocabulary;
            ids_32[n] = static_cast<std::int32_t>(ids[n]);
            advantages[n] = Real(0.5) + Real(0.1) * static_cast<Real>(n % 7);
        }
        start_over();
    }

    void start_over() { std::copy(logits.begin(), logits.end(), in_place.begin()); }
    T* row(const buffer<T>& x, std::int64_t n) const { return x.data() + n * vocabulary; }
    std::int64_t bytes() const { return static_cast<std::int64_t>(size * sizeof(T)); }

    std::int64_t tokens, vocabulary;
    std::size_t size;
    buffer<T> logits, in_place, gradient;  // logits are never overwritten
    std::vector<Real> old_log_probs, advantages, weights;
    std::vector<std::int64_t> ids;
    std::vector<std::int32_t> ids_32;

  private:
    static std::vector<T> some_numbers() {
        std::vector<T> numbers(65521);  // a prime: no two rows are equal
        std::uint32_t state = 1;
        for (T& x : numbers) {
            double sum = 0;
            for (int k = 0; k < 3; ++k) sum += (state = state * 1664525 + 1013904223) / 2147483648.0 - 1;
            x = static_cast<T>(static_cast<Real>(sum));
        }
        return numbers;
    }
};

/// Second logits for the KL, where the others write their gradient in place: 0.9 of the first, rows moved by one.
template <class T>
void fill_second_logits(logits_problem<T>& p) {
    using Real = typename logits_problem<T>::Real;
    for (std::size_t i = 0; i < p.size; ++i)
        p.in_place[i] = static_cast<T>(Real(0.9) * static_cast<Real>(p.logits[(i + 12345) % p.size]));
}

/// The losses that are measured.
enum class loss_kind {
    ppo,             ///< clipped policy loss with an entropy bonus of 0.01
    ppo_no_entropy,  ///< without it
    cross_entropy,
};
constexpr double entropy_coef = 0.01, clip_range = 0.2;

inline const char* name_of(loss_kind kind) {
    return kind == loss_kind::ppo ? "ppo" : kind == loss_kind::ppo_no_entropy ? "ppo_no_entropy" : "cross_entropy";
}

/// The loss of one token with its derivatives, for the peers that have no automatic ones.
struct token_term {
    float loss, d_log_prob, d_entropy;
};
inline token_term term_of(loss_kind kind, const logits_problem<float>& p, std::size_t n, float log_prob,
                          float entropy) {
    const float w = p.weights[n];
    if (kind == loss_kind::cross_entropy) return {-w * log_prob, -w, 0};
    const float ratio = std::exp(log_prob - p.old_log_probs[n]);
    const float low = 1 - float(clip_range), high = 1 + float(clip_range);
    const float unclipped = -p.advantages[n] * ratio, clipped = -p.advantages[n] * std::clamp(ratio, low, high);
    token_term term{w * std::max(unclipped, clipped), clipped > unclipped ? 0 : w * unclipped, 0};
    if (kind == loss_kind::ppo) {
        term.loss -= w * float(entropy_coef) * entropy;
        term.d_entropy = -w * float(entropy_coef);
    }
    return term;
}

/// Numbers of a tensor as answers.
template <class T>
std::vector<double> numbers_of(const T* x, std::int64_t size) {
    std::vector<double> numbers(static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<double>(x[i]);
    return numbers;
}

/// Loss and some rows of a gradient [tokens, vocabulary].
template <class T>
answers loss_and_gradient(double loss, const T* gradient, std::int64_t tokens, std::int64_t vocabulary) {
    answers all{{"loss", {loss}}};
    for (std::int64_t n = 0; n < tokens; n += std::max<std::int64_t>(1, tokens / 16))
        all["gradient of row " + std::to_string(n)] = numbers_of(gradient + n * vocabulary, vocabulary);
    return all;
}

/// Everything about a contestant but its name: one that reads the logits once,
inline contestant forward(const std::string& kernel, const std::string& who, const shape& s,
                          std::function<job()> make) {
    return {kernel, who, "float", s.at(0), s.at(0) * s.at(1) * 4, reference::read, std::move(make)};
}
/// and one that writes a gradient over them, or elsewhere.
inline contestant with_gradient(loss_kind kind, bool to_buffer, const std::string& who, const shape& s,
                                std::function<job()> make) {
    return {std::string(name_of(kind)) + (to_buffer ? "_to_buffer" : ""),
            who,
            "float",
            s.at(0),
            s.at(0) * s.at(1) * 8,
            to_buffer ? reference::copy : reference::scale,
            std::move(make)};
}

}  // namespace bench
