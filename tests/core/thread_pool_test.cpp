#include <reft/core/thread_pool.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"

TEST_CASE("every task runs once, and workers never share a number at the same time") {
    for (const int threads : {1, 2, 3, 7}) {
        reft::thread_pool pool(threads);
        CHECK(pool.workers() == threads);
        for (int round = 0; round < 50; ++round) {
            std::vector<int> runs(101, 0);
            std::vector<std::int64_t> of_worker(static_cast<std::size_t>(threads), 0);
            pool.run(101, [&](std::int64_t i, int worker) {
                ++runs[static_cast<std::size_t>(i)];
                ++of_worker[static_cast<std::size_t>(worker)];  // a race here is what the thread sanitizer looks for
            });
            REQUIRE(runs == std::vector<int>(101, 1));
            std::int64_t sum = 0;
            for (const auto n : of_worker) sum += n;
            REQUIRE(sum == 101);
        }
    }
}

TEST_CASE("what a task runs is done by its own worker, without waiting for the others") {
    reft::thread_pool pool(3), other(2);
    std::vector<int> runs(40, 0);
    std::vector<int> other_runs(4, 0);
    pool.run(4, [&](std::int64_t i, int worker) {
        pool.run(10, [&](std::int64_t j, int inner) {
            if (inner == worker) ++runs[static_cast<std::size_t>(10 * i + j)];
        });
        if (i == 0) other.run(4, [&](std::int64_t j, int) { ++other_runs[static_cast<std::size_t>(j)]; });
    });
    CHECK(runs == std::vector<int>(40, 1));
    CHECK(other_runs == std::vector<int>(4, 1));
}

TEST_CASE("an exception in a task reaches the caller, and the pool goes on working") {
    reft::thread_pool pool(3);
    for (int round = 0; round < 20; ++round)
        CHECK_THROWS_WITH(pool.run(50,
                                   [](std::int64_t i, int) {
                                       if (i >= 10) throw std::runtime_error("task " + std::to_string(i));
                                   }),
                          "task 10");
    int done = 0;
    pool.run(1, [&](std::int64_t, int) { ++done; });
    CHECK(done == 1);
    pool.run(0, [&](std::int64_t, int) { ++done; });
    CHECK(done == 1);
}
