// Whitening, of all tokens and of those that a mask leaves.
#include <reft/advantage/whiten.hpp>
#include <reft/core/std_tensors.hpp>

#include "bench/support/contest.hpp"
#include "bench/support/token_arrays.hpp"

namespace {

using namespace bench;

contestant variant(const std::string& kernel, const shape& s, bool masked) {
    return over_tokens(kernel, "reft", s, masked ? 9 : 8, [=] {
        auto& a = problem_of<token_arrays>(s);
        return job{[=, &a] {
                       const auto mask = reft::tensor_at(a.mask.data(), a.batch, a.time);
                       const auto rows = masked ? reft::rows::padded(mask) : reft::rows::padded(a.batch, a.time);
                       reft::whiten(reft::tensor_at(a.rewards.data(), a.batch, a.time), rows,
                                    reft::tensor_at(a.out.data(), a.batch, a.time));
                   },
                   [&a] { return contents("whitened", a.out.data(), a.tokens()); },
                   {}};
    });
}

std::vector<contestant> reft_itself(const shape& s, int threads) {
    if (threads > 1) return {};
    return with_bandwidth({variant("whiten", s, false), variant("whiten_masked", s, true)}, s, &token_arrays::rewards);
}

const bool entered = enter("reft", reft_itself);

}  // namespace

int main(int argc, char** argv) { return run({"whiten_bench", {{256, 512}, {8192, 1024}}, {4, 16}}, argc, argv); }
