#include <reft/kernel/token_logits.hpp>

#include <cstdint>
#include <vector>

#include "support/catch.hpp"

TEST_CASE("tokens find their row of logits: packed, padded, and by a row_index") {
    std::vector<float> x(24);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i);
    const std::vector<std::int32_t> packed_ids = {0, 1, 2, 0, 1, 2}, two = {1, 2};
    const auto flat = reft::tensor_at(x.data(), 6, 4);
    const reft::token_logits packed(flat, packed_ids);
    CHECK(packed.row({0, 5})[1] == 21);
    CHECK(packed.vocabulary() == 4);
    CHECK(packed.id({0, 4}) == 1);

    const auto cube = reft::tensor_at(x.data(), 2, 3, 4);
    const auto padded_ids = reft::tensor_at(packed_ids.data(), 2, 3);
    const reft::token_logits padded(cube, padded_ids);
    CHECK(padded.row({1, 2})[1] == 21);
    CHECK(padded.token_at(5).row == 1);
    CHECK(padded.token_at(5).column == 2);

    const std::vector<std::int64_t> index = {1, 4};
    const reft::token_logits chosen(flat, two, {.row_index = index});
    CHECK(chosen.row({0, 1})[0] == 16);
    CHECK(chosen.tokens() == 2);
}
