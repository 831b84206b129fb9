// Generalised advantage estimation over padded, masked, truncated and packed rows.
#include <reft/advantage/gae.hpp>

#include <utility>

#include "bench/support/contest.hpp"
#include "bench/support/token_arrays.hpp"

namespace {

using namespace bench;

constexpr reft::gae_options options{.gamma = 0.99, .lambda = 0.95};

auto padded(const token_arrays& a, const buffer<float>& x) { return reft::tensor_at(x.data(), a.batch, a.time); }
auto packed(const token_arrays& a, const buffer<float>& x) { return reft::tensor_at(x.data(), a.tokens()); }

template <class Call>
contestant variant(const std::string& kernel, const shape& s, std::int64_t bytes, const Call& call) {
    return over_tokens(kernel, "reft", s, bytes, [=] {
        auto& a = problem_of<token_arrays>(s);
        return job{[=, &a] { call(a); }, [&a] { return contents("advantages", a.out.data(), a.tokens()); }, {}};
    });
}

std::vector<contestant> reft_itself(const shape& s, int threads) {
    std::vector<contestant> all;
    if (threads > 1) return all;
    all.push_back(variant("gae", s, 12, [](token_arrays& a) {
        reft::gae(padded(a, a.rewards), padded(a, a.values), reft::rows::padded(a.batch, a.time), padded(a, a.out),
                  options);
    }));
    all.push_back(variant("gae_masked", s, 13, [](token_arrays& a) {
        const auto mask = reft::tensor_at(a.mask.data(), a.batch, a.time);
        reft::gae(padded(a, a.rewards), padded(a, a.values), reft::rows::padded(mask), padded(a, a.out), options);
    }));
    all.push_back(variant("gae_truncated", s, 12, [](token_arrays& a) {
        reft::gae(padded(a, a.rewards), padded(a, a.values), reft::rows::padded(a.batch, a.time), padded(a, a.out),
                  options, a.row_ends);
    }));
    all.push_back(variant("gae_packed", s, 12, [](token_arrays& a) {
        reft::gae(packed(a, a.rewards), packed(a, a.values), reft::rows::packed(a.offsets), packed(a, a.out), options);
    }));
    return with_bandwidth(std::move(all), s, &token_arrays::rewards);
}

const bool entered = enter("reft", reft_itself);

}  // namespace

int main(int argc, char** argv) { return run({"gae_bench", {{256, 512}, {8192, 1024}}, {4, 16}}, argc, argv); }
