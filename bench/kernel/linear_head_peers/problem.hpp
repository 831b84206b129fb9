// Hidden states and head weights that reft and its peers share.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "bench/support/buffer.hpp"
#include "bench/support/contest.hpp"

namespace bench {

/// Shape [tokens, vocabulary, width]. Logits have a variance of about 1, and no token is clipped.
struct head_problem {
    explicit head_problem(const shape& s)
        : tokens(s.at(0)),
          vocabulary(s.at(1)),
          width(s.at(2)),
          hidden(static_cast<std::size_t>(tokens * width)),
          d_hidden(hidden.size()),
          head(static_cast<std::size_t>(vocabulary * width)),
          d_head(head.size()),
          old_log_probs(static_cast<std::size_t>(tokens), static_cast<float>(8 - std::log(double(vocabulary)))),
          advantages(old_log_probs.size()),
          weights(old_log_probs.size(), 1.0f / static_cast<float>(tokens)),
          ids(old_log_probs.size()) {
        std::uint32_t state = 1;
        const auto number = [&] {
            return static_cast<float>((state = state * 1664525 + 1013904223) / 2147483648.0 - 1);
        };
        const float scale = 3 / std::sqrt(static_cast<float>(width));  // uniform numbers have a variance of 1/3
        for (float& x : hidden) x = number();
        for (float& x : head) x = scale * number();
        for (std::size_t n = 0; n < ids.size(); ++n) {
            ids[n] = static_cast<std::int64_t>(n) * 7919 % vocabulary;
            advantages[n] = 0.5f + 0.1f * static_cast<float>(n % 7);
        }
    }

    std::int64_t tokens, vocabulary, width;
    buffer<float> hidden, d_hidden, head, d_head;
    std::vector<float> old_log_probs, advantages, weights;
    std::vector<std::int64_t> ids;
};

/// The loss and both gradients; of d_head, some rows.
inline answers head_answers(double loss, const float* d_hidden, const float* d_head, const head_problem& p) {
    answers all{{"loss", {loss}}, {"d_hidden", std::vector<double>(d_hidden, d_hidden + p.tokens * p.width)}};
    for (std::int64_t n = 0; n < p.vocabulary; n += p.vocabulary / 16 + 1)
        all["d_head of row " + std::to_string(n)] =
            std::vector<double>(d_head + n * p.width, d_head + (n + 1) * p.width);
    return all;
}

/// Bytes: everything read once and both gradients written once. What counts here is arithmetic.
inline contestant over_head(const std::string& who, const shape& s, std::function<job()> make) {
    return {"linear_head", who, "float", s.at(0), (s.at(0) + s.at(1)) * s.at(2) * 8, reference::copy, std::move(make)};
}

}  // namespace bench
