// A loop over every row, from its last token to its first.
#include "bench/support/token_arrays.hpp"

namespace {

using namespace bench;

void shaped_rewards(token_arrays& a, bool masked) {
    for (std::int64_t b = 0; b < a.batch; ++b) {
        bool scored = false;
        for (std::int64_t t = a.time - 1; t >= 0; --t) {
            const auto i = static_cast<std::size_t>(b * a.time + t);
            const bool counts = !masked || a.mask[i];
            a.out[i] = counts ? -0.05f * a.values[i] : 0.0f;
            if (counts && !scored) a.out[i] += a.row_ends[static_cast<std::size_t>(b)];
            scored = scored || counts;
        }
    }
}

contestant variant(const char* kernel, const shape& s, bool masked) {
    return over_tokens(kernel, "naive", s, 8, [=] {
        auto& a = problem_of<token_arrays>(s);
        return job{
            [=, &a] { shaped_rewards(a, masked); }, [&a] { return contents("rewards", a.out.data(), a.tokens()); }, {}};
    });
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    return {variant("shaped_rewards", s, false), variant("shaped_rewards_masked", s, true)};
}

const bool entered = enter("naive", peers);

}  // namespace
