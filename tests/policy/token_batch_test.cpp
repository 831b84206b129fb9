#include <reft/policy/token_batch.hpp>
#include <reft/policy/trajectory.hpp>

#include <cstdint>
#include <vector>

#include "support/catch.hpp"

using reft::token_id;

TEST_CASE("a batch packs prompts and responses, and knows which position predicts which response token") {
    reft::token_batch batch;
    const std::vector<token_id> prompt_a = {1, 2, 3}, response_a = {4, 5}, prompt_b = {6}, empty;
    batch.add(prompt_a, response_a);
    batch.add(prompt_b, empty);
    batch.add(prompt_b, response_a);
    CHECK(batch.count() == 3);
    CHECK(std::vector(batch.ids().begin(), batch.ids().end()) == std::vector<token_id>{1, 2, 3, 4, 5, 6, 6, 4, 5});
    CHECK(std::vector(batch.offsets().begin(), batch.offsets().end()) == std::vector<std::int64_t>{0, 5, 6, 9});
    CHECK(batch.response_tokens() == 4);
    // The first response token is predicted by the last prompt token, the second by the first response token.
    CHECK(std::vector(batch.predictors().begin(), batch.predictors().end()) == std::vector<std::int64_t>{2, 3, 6, 7});
    const auto rows = batch.responses();
    CHECK(rows.count() == 3);
    CHECK(rows.length(1) == 0);
    CHECK(rows.length(2) == 2);
}

TEST_CASE("a row without a prompt is refused: nothing would predict its first token") {
    reft::token_batch batch;
    const std::vector<token_id> none, response = {1};
    CHECK_THROWS_WITH(batch.add(none, response), Catch::Contains("row 0 has an empty prompt"));
    CHECK(batch.tokens() == 0);
}

TEST_CASE("a batch of trajectories keeps their temperature, and refuses to mix temperatures") {
    std::vector<reft::trajectory> t(2);
    t[0].prompt = {1};
    t[0].response = {2, 3};
    t[0].temperature = t[1].temperature = 0.7;
    t[1].prompt = {1, 1};
    const auto batch = reft::batch_of(t);
    CHECK(batch.temperature == 0.7);
    CHECK(batch.response_tokens() == 2);
    t[1].temperature = 1.0;
    CHECK_THROWS_AS(reft::batch_of(t), reft::value_error);
}
