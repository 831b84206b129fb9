#include <reft/training/batches.hpp>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "support/catch.hpp"

TEST_CASE("every epoch has every example once, in another order; a copy goes on alike") {
    reft::shuffled_epochs order(10, 7);
    auto first = order.next(10);
    auto copy = order;
    auto second = order.next(10);
    CHECK(copy.next(10) == second);
    CHECK(first != second);
    CHECK(order.epoch() == 2);
    for (auto* epoch : {&first, &second}) {
        std::sort(epoch->begin(), epoch->end());
        for (std::int64_t i = 0; i < 10; ++i) CHECK((*epoch)[static_cast<std::size_t>(i)] == i);
    }
    CHECK(order.next(25).size() == 25);
    CHECK(reft::shuffled_epochs(0, 1).next(3).empty());
}

TEST_CASE("micro-batches stay within their budget, and have at least one row") {
    const std::vector<std::int64_t> lengths = {3, 4, 3, 20, 1, 1};
    using ranges = std::vector<std::pair<std::size_t, std::size_t>>;
    CHECK(reft::micro_batches(lengths, 10) == ranges{{0, 3}, {3, 4}, {4, 6}});
    CHECK(reft::micro_batches(lengths, 1) == ranges{{0, 1}, {1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 6}});
    CHECK(reft::micro_batches(lengths, 1000) == ranges{{0, 6}});
    CHECK(reft::micro_batches({}, 10).empty());
}

TEST_CASE("the elements of a data set at given indices, in their order") {
    const std::vector<std::string> words = {"a", "b", "c"};
    const std::vector<std::int64_t> indices = {2, 0, 2};
    CHECK(reft::elements_at(words, indices) == std::vector<std::string>{"c", "a", "c"});
    CHECK(reft::elements_at(words, std::span<const std::int64_t>()).empty());
}
