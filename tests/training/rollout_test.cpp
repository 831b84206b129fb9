#include <reft/training/experience.hpp>
#include <reft/training/rollout.hpp>

#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"

namespace {

reft::rollout three_rows() {
    reft::rollout r;
    r.trajectories.resize(3);
    r.rewards.resize(3);
    for (std::size_t i = 0; i < 3; ++i) {
        r.trajectories[i].prompt = {static_cast<reft::token_id>(i)};
        r.trajectories[i].response.assign(i + 1, 7);
        r.rewards[i] = reft::reward{.value = 0.1 * static_cast<double>(i)};
    }
    return r;
}

}  // namespace

TEST_CASE("pitfall 49: rows are chosen with everything that belongs to them") {
    const auto r = three_rows();
    CHECK(r.lengths() == std::vector<std::int64_t>{2, 3, 4});
    CHECK(r.positions() == 9);
    const std::vector<std::int64_t> chosen = {2, 0};
    const auto batch = r.batch(chosen);
    CHECK(batch.ids()[0] == 2);
    CHECK(batch.response_tokens() == 4);
    const std::vector<double> per_token = {10, 20, 21, 30, 31, 32};
    CHECK(reft::gathered_rows(per_token, r.batch(), chosen) == std::vector<double>{30, 31, 32, 10});
    CHECK(reft::gathered_rows(std::vector<double>{}, r.batch(), chosen).empty());
    CHECK(r.scores<double>() == std::vector<double>{0, 0.1, 0.2});
}

TEST_CASE("rows without a verdict or without a token are left out") {
    auto r = three_rows();
    r.rewards[0].reset();
    r.trajectories[2].response.clear();
    const auto judged = reft::with_verdict(r);
    REQUIRE(judged.trajectories.size() == 1);
    CHECK(judged.trajectories[0].prompt[0] == 1);
    CHECK(judged.rewards[0]->value == 0.1);
    CHECK(judged.row_number(0) == 1);
}

TEST_CASE("a reward that is missing or not finite is named by the row it had at first") {
    auto r = three_rows();
    r.rewards[0].reset();
    r.rewards[2]->value = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH(r.scores<double>(), "rollout::scores: row 0 has no verdict");
    CHECK_THROWS_WITH(reft::with_verdict(r).scores<double>(), "rollout::scores: row 2 has a reward that is not finite");
}
