// xtensor's expressions: mean, variance, result. Its sums of float numbers are made in double: one after the other in
// float they would miss the mean of millions.
#include "bench/support/xtensor_arrays.hpp"

#include <reft/adapters/xtensor.hpp>

#include "bench/support/token_arrays.hpp"

namespace {

using namespace bench;

void whiten(token_arrays& a) {
    const auto x = xtensor_row(a.rewards.data(), a.tokens());
    auto out = xtensor_row(a.out.data(), a.tokens());
    const auto tokens = static_cast<double>(a.tokens());
    const auto mean = static_cast<float>(xt::sum<double>(x, xt::evaluation_strategy::immediate)() / tokens);
    const double squares = xt::sum<double>(xt::square(x - mean), xt::evaluation_strategy::immediate)();
    const auto scale = static_cast<float>(1 / std::sqrt(squares / (tokens - 1) + 1e-8));
    xt::noalias(out) = (x - mean) * scale;
}

std::vector<contestant> peers(const shape& s, int threads) {
    if (threads > 1) return {};
    return {over_tokens("whiten", "xtensor", s, 8, [=] {
        auto& a = problem_of<token_arrays>(s);
        return job{[&a] { whiten(a); }, [&a] { return contents("whitened", a.out.data(), a.tokens()); }, {}};
    })};
}

const bool entered = enter("xtensor", peers);

}  // namespace
