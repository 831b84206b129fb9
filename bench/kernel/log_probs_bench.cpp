// The clipped policy loss over log-probs that a model computed.
#include <reft/kernel/log_probs.hpp>
#include <reft/loss/clipped_policy.hpp>

#include "bench/support/contest.hpp"
#include "bench/support/token_arrays.hpp"

namespace {

using namespace bench;

// old_values stand for old log-probs, returns for advantages: numbers are numbers.
double loss_over_log_probs(token_arrays& a) {
    const auto view = [&](const buffer<float>& x) { return reft::tensor_at(x.data(), a.tokens()); };
    const auto clipped = reft::clipped_policy(view(a.old_values), view(a.returns));
    return reft::loss_over_log_probs(clipped, view(a.values), view(a.weights), view(a.out)).loss;
}

std::vector<contestant> reft_itself(const shape& s, int threads) {
    if (threads > 1) return {};
    const auto own = over_tokens("loss_over_log_probs", "reft", s, 20,
                                 [=] { return loss_with_gradient(problem_of<token_arrays>(s), loss_over_log_probs); });
    return with_bandwidth({own}, s, &token_arrays::values);
}

const bool entered = enter("reft", reft_itself);

}  // namespace

int main(int argc, char** argv) { return run({"log_probs_bench", {{256, 512}, {8192, 1024}}, {4, 16}}, argc, argv); }
