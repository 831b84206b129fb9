// KL-shaped rewards of padded rows.
#include <reft/reward/shaped_rewards.hpp>

#include "bench/support/contest.hpp"
#include "bench/support/token_arrays.hpp"

namespace {

using namespace bench;

contestant variant(const std::string& kernel, const shape& s, bool masked) {
    return over_tokens(kernel, "reft", s, masked ? 9 : 8, [=] {
        auto& a = problem_of<token_arrays>(s);
        return job{[=, &a] {
                       const auto mask = reft::tensor_at(a.mask.data(), a.batch, a.time);
                       reft::shaped_rewards(a.row_ends, reft::tensor_at(a.values.data(), a.batch, a.time),
                                            masked ? reft::rows::padded(mask) : reft::rows::padded(a.batch, a.time),
                                            reft::tensor_at(a.out.data(), a.batch, a.time));
                   },
                   [&a] { return contents("rewards", a.out.data(), a.tokens()); },
                   {}};
    });
}

std::vector<contestant> reft_itself(const shape& s, int threads) {
    if (threads > 1) return {};
    return with_bandwidth({variant("shaped_rewards", s, false), variant("shaped_rewards_masked", s, true)}, s,
                          &token_arrays::values);
}

const bool entered = enter("reft", reft_itself);

}  // namespace

int main(int argc, char** argv) {
    return run({"shaped_rewards_bench", {{256, 512}, {8192, 1024}}, {4, 16}}, argc, argv);
}
