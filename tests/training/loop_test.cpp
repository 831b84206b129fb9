#include <reft/training/loop.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace {

struct recorder {
    std::vector<std::string> asked;
    reft::reft_metrics step(std::span<const reft::question> questions) {
        for (const auto& q : questions) asked.push_back(q.text);
        return {};
    }
};

}  // namespace

TEST_CASE("the loop hands out questions until its steps are done or the hook says stop, and can be continued") {
    const std::vector<reft::question> questions = {{"a", "1"}, {"b", "2"}, {"c", "3"}};
    recorder all, first;
    reft::shuffled_epochs order(3, 5), same(3, 5);
    const auto go_on = [](const reft::reft_metrics&) { return reft::after_step::go_on; };
    CHECK(reft::train(all, questions, order, 2, 6, go_on) == 6);
    CHECK(all.asked.size() == 12);
    int steps = 0;
    const auto twice = [&](const reft::reft_metrics&) {
        return ++steps == 2 ? reft::after_step::stop : reft::after_step::go_on;
    };
    CHECK(reft::train(first, questions, same, 2, 6, twice) == 2);
    CHECK(reft::train(first, questions, same, 2, 4, go_on) == 4);
    CHECK(first.asked == all.asked);
}
