#include <reft/core/executor.hpp>

#include <cstdint>
#include <utility>
#include <vector>

#include "support/catch.hpp"

namespace {

/// A caller's own pool: here one that runs everything backwards, under two worker numbers.
class backwards final : public reft::executor {
  public:
    int workers() const override { return 2; }
    void run(std::int64_t count, reft::function_ref<void(std::int64_t, int)> task) override {
        for (std::int64_t i = count; i-- > 0;) task(i, static_cast<int>(i % 2));
    }
};

}  // namespace

TEST_CASE("ranges depend on the count and the grain alone, whoever runs them") {
    using ranges = std::vector<std::pair<std::int64_t, std::int64_t>>;
    reft::serial_executor one;
    backwards mine;
    ranges forward, backward;
    reft::for_ranges(one, 10, 4, [&](std::int64_t begin, std::int64_t end, int) { forward.emplace_back(begin, end); });
    reft::for_ranges(mine, 10, 4,
                     [&](std::int64_t begin, std::int64_t end, int) { backward.emplace_back(begin, end); });
    CHECK(forward == ranges{{0, 4}, {4, 8}, {8, 10}});
    CHECK(backward == ranges{{8, 10}, {4, 8}, {0, 4}});
    reft::for_ranges(one, 0, 4, [&](std::int64_t, std::int64_t, int) { FAIL("nothing to do"); });
}
