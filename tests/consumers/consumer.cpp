// A program of a user: advantages of one response of three tokens, compared with those worked out by hand.
#include <reft/reft.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

int main() {
    const std::vector<double> rewards{0, 0, 1};
    const std::vector<double> values{0.5, 0.5, 0.5};
    const std::vector<int> offsets{0, 3};
    std::vector<double> advantages(3);
    reft::gae(rewards, values, reft::rows::packed(offsets), advantages, {.gamma = 1.0, .lambda = 0.5});

    const std::vector<double> expected{0.125, 0.25, 0.5};
    for (std::size_t t = 0; t < expected.size(); ++t) {
        std::printf("%g ", advantages[t]);
        if (!(std::abs(advantages[t] - expected[t]) <= 1e-12)) return 1;
    }
    std::printf("reft %d.%d.%d\n", REFT_VERSION_MAJOR, REFT_VERSION_MINOR, REFT_VERSION_PATCH);
}
