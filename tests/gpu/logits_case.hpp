// A batch of logits with everything that makes a kernel stumble, in whatever memory the allocator gives.
#pragma once

#include <reft/kernel/logits.hpp>
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/entropy_bonus.hpp>
#include <reft/loss/kl_penalty.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "support/test_data.hpp"

namespace gpu {

struct logits_case_options {
    std::int64_t tokens = 9;
    std::int64_t vocabulary = 100;
    std::int64_t padding = 0;  ///< a row is this much longer than the vocabulary
    std::int64_t offset = 0;   ///< and the first one begins here
    std::int64_t stride = 1;   ///< from one logit of a row to the next
    double temperature = 1.0;
    bool with_row_index = false;  ///< every second or third row of the logits predicts a token
};

/// Normal logits, one in eleven −∞, NaN in the padding and in rows that do not count. Old log-probs lie near the
/// policy's own, so that some ratios are clipped and others are not.
template <class T, template <class> class Allocator = std::allocator>
struct logits_case {
    using real = reft::accumulator_t<T>;
    template <class U>
    using array = std::vector<U, Allocator<U>>;

    logits_case_options options;
    array<T> logits;
    array<std::int32_t> ids;
    array<std::int64_t> row_index;
    array<real> weights, old_log_probs, ref_log_probs, advantages;

    explicit logits_case(const logits_case_options& o, std::uint64_t seed = 1) : options(o) {
        const auto n = static_cast<std::size_t>(o.tokens);
        ids = copy(test::ids(n, static_cast<std::uint64_t>(o.vocabulary), seed));
        std::int64_t position = -1;
        for (std::int64_t i = 0; i < o.tokens; ++i) row_index.push_back(position += o.with_row_index ? 2 + i % 2 : 1);
        fill_weights(seed);
        fill_logits(seed);
        array<real> log_probs(n);
        reft::token_log_probs(batch(), weights, log_probs);
        old_log_probs = near(log_probs, 0.3, seed + 1);
        ref_log_probs = near(log_probs, 0.5, seed + 2);
        advantages = near(array<real>(n), 1.0, seed + 3);
    }

    std::int64_t positions() const { return options.with_row_index ? 3 * options.tokens + 2 : options.tokens; }
    std::int64_t pitch() const { return options.vocabulary * options.stride + options.padding; }

    /// Any array of the size of `logits` in their layout.
    template <class Array>
    auto view_of(Array& x) const {
        using U = std::remove_pointer_t<decltype(x.data())>;
        return reft::strided_view<U, 2>(x.data() + options.offset, {positions(), options.vocabulary},
                                        {pitch(), options.stride});
    }
    template <class Array>
    auto rank_3_view_of(Array& x) const {
        using U = std::remove_pointer_t<decltype(x.data())>;
        return reft::strided_view<U, 3>(x.data() + options.offset, {1, positions(), options.vocabulary},
                                        {0, pitch(), options.stride});
    }
    auto batch() const {
        reft::token_logits_options o{.temperature = options.temperature};
        if (options.with_row_index) o.row_index = row_index;
        return reft::token_logits(view_of(logits), ids, o);
    }
    auto loss() const {
        return reft::clipped_policy(old_log_probs, advantages) +
               0.1 * reft::kl_penalty(ref_log_probs, {.estimator = reft::kl_estimator::k3}) +
               0.01 * reft::entropy_bonus<real>();
    }
    std::string name() const {
        return std::to_string(options.tokens) + " tokens, vocabulary " + std::to_string(options.vocabulary) + " + " +
               std::to_string(options.padding) + ", offset " + std::to_string(options.offset) + ", stride " +
               std::to_string(options.stride) + (options.with_row_index ? ", row_index" : "");
    }

  private:
    template <class U>
    static array<U> copy(const std::vector<U>& x) {
        return array<U>(x.begin(), x.end());
    }
    static array<real> near(const array<real>& x, double deviation, std::uint64_t seed) {
        array<real> y = copy(test::normal<real>(x.size(), seed, deviation));
        for (std::size_t i = 0; i < y.size(); ++i) y[i] += x[i];
        return y;
    }
    void fill_weights(std::uint64_t seed) {
        for (const bool counts : test::mask(ids.size(), seed, 0.8))
            weights.push_back(counts ? real(1) / static_cast<real>(options.tokens) : real(0));
    }
    void fill_logits(std::uint64_t seed) {
        logits.assign(static_cast<std::size_t>(options.offset + positions() * pitch()),
                      static_cast<T>(std::numeric_limits<float>::quiet_NaN()));
        reft::random_stream random(seed + 4);
        const auto x = view_of(logits);
        for (std::size_t i = 0; i < ids.size(); ++i) {
            if (weights[i] == 0) continue;
            const auto row = x[row_index[i]];
            for (std::int64_t j = 0; j < options.vocabulary; ++j) {
                const bool excluded = random.below(11) == 0 && j != ids[i];
                row[j] = static_cast<T>(excluded ? -std::numeric_limits<real>::infinity()
                                                 : static_cast<real>(3 * random.normal()));
            }
        }
    }
};

}  // namespace gpu
