// The clipped policy loss over hidden states and the head: gradients of both, without the logits.
#include <reft/kernel/linear_head.hpp>
#include <reft/loss/clipped_policy.hpp>

#include <algorithm>
#include <memory>

#include "bench/kernel/linear_head_peers/problem.hpp"
#include "bench/support/bandwidth.hpp"
#include "bench/support/contest.hpp"

namespace {

using namespace bench;

/// d_head is added to; a fresh gradient, as the peers make it, begins with zeros.
contestant linear_head(const shape& s) {
    return over_head("reft", s, [=] {
        auto& p = problem_of<head_problem>(s);
        const auto loss = std::make_shared<double>();
        const reft::head_logits batch(reft::tensor_at(p.hidden.data(), p.tokens, p.width),
                                      reft::tensor_at(p.head.data(), p.vocabulary, p.width), p.ids);
        const auto memory = std::make_shared<reft::workspace>(reft::workspace_bytes(batch));
        return job{[=, &p] {
                       std::fill(p.d_head.begin(), p.d_head.end(), 0.0f);
                       *loss = reft::loss_over_head(reft::clipped_policy(p.old_log_probs, p.advantages), batch,
                                                    p.weights, reft::tensor_at(p.d_hidden.data(), p.tokens, p.width),
                                                    reft::tensor_at(p.d_head.data(), p.vocabulary, p.width), *memory)
                                   .loss;
                   },
                   [=, &p] { return head_answers(*loss, p.d_hidden.data(), p.d_head.data(), p); },
                   {}};
    });
}

std::vector<contestant> reft_itself(const shape& s, int threads) {
    if (threads > 1) return {};
    std::vector<contestant> all{linear_head(s)};
    for (auto& c : bandwidth(
             "float", threads, [=] { return problem_of<head_problem>(s).head.data(); },
             [=] { return problem_of<head_problem>(s).d_head.data(); },
             [=] { return problem_of<head_problem>(s).d_head.data(); },
             static_cast<std::size_t>(s.at(1) * s.at(2)) * 4))
        all.push_back(std::move(c));
    return all;
}

const bool entered = enter("reft", reft_itself);

}  // namespace

int main(int argc, char** argv) {
    return run({"linear_head_bench", {{128, 8192, 64}, {1024, 32000, 256}, {1024, 32000, 1024}}, {4, 64, 16}}, argc,
               argv);
}
