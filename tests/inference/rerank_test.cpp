#include <reft/inference/rerank.hpp>

#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

namespace {

struct shortest {
    std::vector<double> operator()(std::string_view, std::span<const std::string> responses) const {
        std::vector<double> scores;
        for (const std::string& r : responses) scores.push_back(-static_cast<double>(r.size()));
        return scores;
    }
};
struct one_by_one {
    double operator()(std::string_view, const std::string&) const { return 0; }
};
static_assert(reft::response_scorer<shortest>);
static_assert(!reft::response_scorer<one_by_one>);

const double not_a_number = std::numeric_limits<double>::quiet_NaN();
const double infinity = std::numeric_limits<double>::infinity();

}  // namespace

TEST_CASE("rerank: any scorer, the best first, equal scores as they came") {
    const std::vector<std::string> responses = {"three", "be", "a long one", "me"};
    const reft::ranking r = reft::rerank("q", responses, shortest{});
    CHECK(r.order == std::vector<std::size_t>{1, 3, 0, 2});
    CHECK(r.best() == 1u);
    CHECK(r.scores[2] == -10);
    const reft::ranking other =
        reft::rerank("q", responses, [](std::string_view question, std::span<const std::string> all) {
            return std::vector<double>(all.size(), static_cast<double>(question.size()));
        });
    CHECK(other.order == std::vector<std::size_t>{0, 1, 2, 3});
}

TEST_CASE("rerank: NaN is never the best") {
    CHECK(reft::ranked({not_a_number, -infinity, not_a_number, 2}).order == std::vector<std::size_t>{3, 1, 0, 2});
    CHECK(reft::ranked({not_a_number, -infinity}).best() == 1u);
    CHECK(reft::ranked({1, infinity}).best() == 1u);
    CHECK_FALSE(reft::ranked({not_a_number, not_a_number}).best());
    CHECK_FALSE(reft::ranked({}).best());
}

TEST_CASE("rerank: a scorer that gives another number of scores is refused") {
    const std::vector<std::string> responses(3);
    const auto two = [](std::string_view, std::span<const std::string>) { return std::vector<double>(2); };
    CHECK_THROWS_WITH(reft::rerank("q", responses, two), "rerank: responses is [3] but the scores are [2]");
    CHECK(reft::rerank("q", {}, shortest{}).order.empty());
}
