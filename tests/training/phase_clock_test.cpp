#include <reft/training/phase_clock.hpp>

#include "support/catch.hpp"

TEST_CASE("a phase adds up wall time, CPU time and positions, and nothing is divided by zero") {
    reft::phase_time phase;
    CHECK(phase.cpu_share() == 0);
    CHECK(phase.positions_per_second() == 0);
    for (int i = 0; i < 2; ++i) {
        const reft::phase_clock clock(phase);
        volatile double x = 0;
        for (int k = 0; k < 2000000; ++k) x = x + 1e-9;
        phase.positions += 100;
    }
    CHECK(phase.wall_seconds > 0);
    CHECK(phase.cpu_seconds > 0);
    CHECK(phase.positions == 200);
    reft::reft_timing sum;
    sum.sample.add(phase);
    sum.add(sum);
    CHECK(sum.sample.positions == 400);
    reft::reft_timing more = sum;
    more.sample.positions += 30;
    more.update.wall_seconds += 0.5;
    CHECK(more.since(sum).sample.positions == 30);
    CHECK(more.since(sum).update.wall_seconds == 0.5);
    CHECK(more.since(sum).judge.cpu_seconds == 0);
}
