// Three loops, with sums in double and the mask tested at every token.
#include <cmath>

#include "bench/support/token_arrays.hpp"

namespace {

using namespace bench;

void whiten(token_arrays& a, const std::uint8_t* mask) {
    double sum = 0, count = 0, squares = 0;
    for (std::size_t i = 0; i < a.size; ++i)
        if (!mask || mask[i]) {
            sum += static_cast<double>(a.rewards[i]);
            ++count;
        }
    const double mean = sum / count;
    for (std::size_t i = 0; i < a.size; ++i)
        if (!mask || mask[i]) {
            const double x = static_cast<double>(a.rewards[i]) - mean;
            squares += x * x;
        }
    const double scale = 1 / std::sqrt(squares / (count - 1) + 1e-8);
    for (std::size_t i = 0; i < a.size; ++i)
        a.out[i] = !mask || mask[i] ? static_cast<float>((static_cast<double>(a.rewards[i]) - mean) * scale) : 0.0f;
}

contestant variant(const char* kernel, const shape& s, bool masked) {
    return over_tokens(kernel, "naive", s, 8, [=] {
        auto& a = problem_of<token_arrays>(s);
        return job{[=, &a] { whiten(a, masked ? a.mask.data() : nullptr); },
                   [&a] { return contents("whitened", a.out.data(), a.tokens()); },
                   {}};
    });
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    return {variant("whiten", s, false), variant("whiten_masked", s, true)};
}

const bool entered = enter("naive", peers);

}  // namespace
