// Arrays with one number per token, [batch, time], that the kernels over them share with their peers.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/support/bandwidth.hpp"
#include "bench/support/buffer.hpp"
#include "bench/support/contest.hpp"

namespace bench {

/// Numbers between −1 and 1, a mask that leaves out the end of most rows and a stretch inside every third, rows of
/// several lengths laid end to end.
struct token_arrays {
    explicit token_arrays(const shape& s)
        : batch(s.at(0)),
          time(s.at(1)),
          size(static_cast<std::size_t>(batch * time)),
          rewards(size),
          values(size),
          old_values(size),
          returns(size),
          weights(size),
          out(size),
          mask(size),
          row_ends(static_cast<std::size_t>(batch)),
          offsets{0} {
        std::uint32_t state = 1;
        for (auto* x : {&rewards, &values, &old_values, &returns})
            for (float& v : *x) v = static_cast<float>((state = state * 1664525 + 1013904223) / 2147483648.0 - 1);
        for (std::size_t i = 0; i < size; ++i) weights[i] = 1.0f / static_cast<float>(size);
        for (std::int64_t b = 0; b < batch; ++b) {
            const std::int64_t length = time - b * 37 % (time / 4 + 1);
            for (std::int64_t t = 0; t < time; ++t)
                mask[static_cast<std::size_t>(b * time + t)] =
                    t < length && (b % 3 != 0 || t < time / 8 || t >= time / 4);
            row_ends[static_cast<std::size_t>(b)] = 0.1f * static_cast<float>(b % 11) - 0.5f;
        }
        const auto tokens = static_cast<std::int64_t>(size);
        while (offsets.back() < tokens) {
            const std::int64_t length = time / 2 + offsets.back() * 31 % (time / 2 + 1);
            offsets.push_back(std::min(tokens, offsets.back() + std::max<std::int64_t>(1, length)));
        }
    }

    std::int64_t tokens() const { return batch * time; }

    std::int64_t batch, time;
    std::size_t size;
    buffer<float> rewards, values, old_values, returns, weights, out;
    buffer<std::uint8_t> mask;
    std::vector<float> row_ends;        // one number per row: a bootstrap value, or a score
    std::vector<std::int64_t> offsets;  // of packed rows
};

/// A contestant that moves so many bytes for each token.
inline contestant over_tokens(const std::string& kernel, const std::string& who, const shape& s,
                              std::int64_t bytes_per_token, std::function<job()> make) {
    return {kernel,         who, "float", s.at(0) * s.at(1), s.at(0) * s.at(1) * bytes_per_token, reference::copy,
            std::move(make)};
}

/// What a buffer of a float per token holds.
inline answers contents(const std::string& name, const float* x, std::int64_t size) {
    return {{name, std::vector<double>(x, x + size)}};
}

/// A call that returns a loss and leaves the gradient in `out`.
inline job loss_with_gradient(token_arrays& a, std::function<double(token_arrays&)> call) {
    const auto loss = std::make_shared<double>();
    return {[=, &a] { *loss = call(a); },
            [=, &a] {
                answers all = contents("gradient", a.out.data(), a.tokens());
                all["loss"] = {*loss};
                return all;
            },
            {}};
}

/// reft's contestants of a shape, and the bandwidth of an array that they read and of the one that they write.
inline std::vector<contestant> with_bandwidth(std::vector<contestant> all, const shape& s,
                                              buffer<float> token_arrays::*read) {
    const auto out = [=] { return problem_of<token_arrays>(s).out.data(); };
    const auto bytes = static_cast<std::size_t>(s.at(0) * s.at(1)) * sizeof(float);
    for (auto& c : bandwidth(
             "float", 1, [=] { return (problem_of<token_arrays>(s).*read).data(); }, out, out, bytes))
        all.push_back(std::move(c));
    return all;
}

}  // namespace bench
