#include <reft/core/std_tensors.hpp>
#include <reft/core/weights.hpp>

#include <cstdint>
#include <vector>

#include "support/catch.hpp"

namespace {

const std::vector<std::uint8_t> mask = {1, 1, 0, 0, 1, 0, 0, 0, 0};
const auto three_rows = reft::rows::padded(reft::tensor_at(mask.data(), 3, 3));  // 2, 1 and 0 counted tokens

std::vector<double> weights_of(reft::aggregation rule, double denominator) {
    std::vector<double> w(9, -1);
    reft::token_weights(three_rows, rule, denominator, reft::tensor_at(w.data(), 3, 3));
    return w;
}

}  // namespace

TEST_CASE("weights of each aggregation rule, by hand") {
    using reft::aggregation;
    CHECK(weights_of(aggregation::token_mean, 3) == std::vector<double>{1. / 3, 1. / 3, 0, 0, 1. / 3, 0, 0, 0, 0});
    CHECK(weights_of(aggregation::sequence_mean_of_token_means, 2) ==
          std::vector<double>{0.25, 0.25, 0, 0, 0.5, 0, 0, 0, 0});
    CHECK(weights_of(aggregation::sequence_mean_of_token_sums, 2) ==
          std::vector<double>{0.5, 0.5, 0, 0, 0.5, 0, 0, 0, 0});
    CHECK(weights_of(aggregation::constant, 10) == std::vector<double>{0.1, 0.1, 0, 0, 0.1, 0, 0, 0, 0});
}

TEST_CASE("denominators count tokens or rows, empty rows as one says") {
    using reft::aggregation;
    CHECK(reft::denominator(three_rows, aggregation::token_mean) == 3);
    CHECK(reft::denominator(three_rows, aggregation::sequence_mean_of_token_means) == 3);
    CHECK(reft::denominator(three_rows, aggregation::sequence_mean_of_token_means, reft::empty_rows::skipped) == 2);
    CHECK_THROWS_AS(reft::denominator(three_rows, aggregation::constant), reft::option_error);
    CHECK(reft::denominator(three_rows, aggregation::constant, 7.0) == 7);
    CHECK(reft::denominator(three_rows, aggregation::token_mean, 7.0) == 3);
}

TEST_CASE("pitfall 24: an empty mask gives weights of zero, not a division by zero") {
    const std::vector<std::uint8_t> nothing(4, 0);
    const auto r = reft::rows::padded(reft::tensor_at(nothing.data(), 2, 2));
    std::vector<float> w(4, -1);
    reft::token_weights(r, reft::aggregation::token_mean, reft::denominator(r, reft::aggregation::token_mean),
                        reft::tensor_at(w.data(), 2, 2));
    CHECK(w == std::vector<float>(4, 0));
    CHECK_THROWS_AS(weights_of(reft::aggregation::token_mean, 0), reft::option_error);
}

TEST_CASE("pitfall 28: with the denominator of the whole batch, weights do not depend on the split") {
    const std::vector<std::int64_t> whole = {0, 2, 5, 6}, first = {0, 2}, rest = {0, 3, 4};
    using reft::aggregation;
    for (const auto rule : {aggregation::token_mean, aggregation::sequence_mean_of_token_means,
                            aggregation::sequence_mean_of_token_sums}) {
        const double n = reft::denominator(reft::rows::packed(whole), rule);
        CHECK(n ==
              reft::denominator(reft::rows::packed(first), rule) + reft::denominator(reft::rows::packed(rest), rule));
        std::vector<double> w(6), w1(2), w2(4);
        reft::token_weights(reft::rows::packed(whole), rule, n, w);
        reft::token_weights(reft::rows::packed(first), rule, n, w1);
        reft::token_weights(reft::rows::packed(rest), rule, n, w2);
        w1.insert(w1.end(), w2.begin(), w2.end());
        CHECK(w == w1);
    }
}
