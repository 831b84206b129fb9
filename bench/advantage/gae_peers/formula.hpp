// What the peers of gae have in common.
#pragma once

#include "bench/support/contest.hpp"
#include "bench/support/token_arrays.hpp"

namespace bench {

constexpr float gae_gamma = 0.99f, gae_lambda = 0.95f;

/// A contestant whose result lies in the buffer `out`.
template <class Call>
contestant gae_peer(const std::string& kernel, const std::string& who, const shape& s, const Call& call) {
    return over_tokens(kernel, who, s, 12, [=] {
        auto& a = problem_of<token_arrays>(s);
        return job{[=, &a] { call(a); }, [&a] { return contents("advantages", a.out.data(), a.tokens()); }, {}};
    });
}

}  // namespace bench
