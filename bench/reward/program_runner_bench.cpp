// Programs per second: a thousand short ones at a time, warm workers; and what a sandbox for each would cost.
#include <reft/reward/program_runner.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <string>
#include <vector>

namespace {

std::vector<std::string> short_programs(std::size_t count) {
    std::vector<std::string> programs;
    for (std::size_t i = 0; i < count; ++i)
        programs.push_back("def solution():\n    bagels = " + std::to_string(i) +
                           "\n    price = 3\n    result = bagels * price\n    return result");
    return programs;
}

void run_programs(benchmark::State& state, bool sandbox_per_program) {
    reft::program_runner_options options;
    options.workers = static_cast<int>(state.range(1));
    options.sandbox_per_program = sandbox_per_program;
    if (!reft::program_runner::sandbox_available(options)) return state.SkipWithError("no sandbox here");
    reft::program_runner run(options);
    const std::vector<std::string> programs = short_programs(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state)
        for (const reft::program_result& result : run(programs))
            if (!result.found) state.SkipWithError("a program without a result");
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

}  // namespace

BENCHMARK_CAPTURE(run_programs, warm, false)
    ->Args({1000, 1})
    ->Args({1000, 2})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(run_programs, sandbox_each, true)->Args({100, 2})->UseRealTime()->Unit(benchmark::kMillisecond);
