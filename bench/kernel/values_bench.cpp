// The clipped value loss over values that a model computed.
#include <reft/kernel/values.hpp>
#include <reft/loss/clipped_value.hpp>

#include <memory>

#include "bench/support/bandwidth.hpp"
#include "bench/support/contest.hpp"
#include "bench/support/token_arrays.hpp"

namespace {

using namespace bench;

contestant loss_over_values(const shape& s) {
    return over_tokens("loss_over_values", "reft", s, 20, [=] {
        auto& a = problem_of<token_arrays>(s);
        const auto loss = std::make_shared<double>();
        return job{[=, &a] {
                       const auto view = [&](const buffer<float>& x) { return reft::tensor_at(x.data(), a.tokens()); };
                       const auto clipped = reft::clipped_value(view(a.old_values), view(a.returns));
                       *loss = reft::loss_over_values(clipped, view(a.values), view(a.weights), view(a.out)).loss;
                   },
                   [=, &a] {
                       answers all = contents("gradient", a.out.data(), a.tokens());
                       all["loss"] = {*loss};
                       return all;
                   },
                   {}};
    });
}

std::vector<contestant> reft_itself(const shape& s, int threads) {
    if (threads > 1) return {};
    std::vector<contestant> all{loss_over_values(s)};
    for (auto& c : bandwidth(
             "float", threads, [=] { return problem_of<token_arrays>(s).values.data(); },
             [=] { return problem_of<token_arrays>(s).out.data(); },
             [=] { return problem_of<token_arrays>(s).out.data(); }, static_cast<std::size_t>(s.at(0) * s.at(1)) * 4))
        all.push_back(std::move(c));
    return all;
}

const bool entered = enter("reft", reft_itself);

}  // namespace

int main(int argc, char** argv) { return run({"values_bench", {{256, 512}, {8192, 1024}}, {4, 16}}, argc, argv); }
