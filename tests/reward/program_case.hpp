// Programs run for a test, and what they leave behind. POSIX and /proc.
#pragma once

#include <reft/reward/program_runner.hpp>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "support/catch.hpp"

namespace test {

/// Whether there is a sandbox; says so, loudly, if there is none: the test is then reported as skipped.
inline bool sandbox() {
    static const bool available = reft::program_runner::sandbox_available();
    if (!available) std::printf("\nSKIPPED: NO SANDBOX HERE (bwrap and /usr/bin/python3), NO PROGRAM WAS RUN.\n");
    return available;
}

/// Short limits, one worker, and a memory limit that is nobody else's: it stands on the command line of all its
/// processes, by which they are found.
inline reft::program_runner_options short_limits() {
    reft::program_runner_options options;
    options.workers = 1;
    options.cpu_time = std::chrono::seconds(1);
    options.wall_time = std::chrono::milliseconds(10'000);
    options.memory_bytes = (std::int64_t{200} << 20U) + 4096 * (::getpid() % 10'000);
    return options;
}

/// The processes whose command line has this word.
inline std::vector<std::string> processes_with(const std::string& word) {
    std::vector<std::string> found;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
        std::ifstream file(entry.path() / "cmdline", std::ios::binary);
        std::string line(std::size_t{1} << 17U, ' ');
        file.read(line.data(), static_cast<std::streamsize>(line.size()));  // of a process that ends meanwhile: nothing
        line.resize(static_cast<std::size_t>(file.gcount()));
        if (line.find('\0' + word + '\0') != std::string::npos) found.push_back(entry.path().filename());
    }
    return found;
}

/// The same, once there are at most `most` of them: what has been killed needs a moment to be gone.
inline std::size_t remaining_processes(const reft::program_runner_options& options, std::size_t most) {
    const std::string marker = std::to_string(options.memory_bytes);
    std::size_t count = processes_with(marker).size();
    for (int i = 0; i < 100 && count > most; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
        count = processes_with(marker).size();
    }
    return count;
}

/// The two of bubblewrap, the one that made the namespace, and the driver.
inline constexpr std::size_t processes_of_worker = 4;

inline reft::program_result run_one(reft::program_runner& runner, const std::string& program) {
    return runner(std::vector<std::string>{program}).front();
}

inline std::string described(const reft::program_result& result) {
    if (result.found) return result.found->text;
    return std::string(name(result.reason)) + ": " + result.message;
}

/// Runs a hostile program between honest ones; nothing of it may remain. Gives its result.
inline reft::program_result run_hostile(const std::string& program, reft::program_runner_options options) {
    reft::program_result result;
    {
        reft::program_runner runner(options);
        CHECK(described(run_one(runner, "ans = 2 + 3")) == "5");
        if (!options.sandbox_per_program) CHECK(processes_with(std::to_string(options.memory_bytes)).size() >= 2);
        const std::vector<reft::program_result> results =
            runner(std::vector<std::string>{program, "def solution():\n    return sum(range(5))"});
        result = results[0];
        CHECK(described(results[1]) == "10");
        CHECK(described(run_one(runner, "print(float('7.5'), isinstance(3, int))\nans = len('abc')")) == "3");
        CHECK(remaining_processes(options, processes_of_worker) <= processes_of_worker);
    }
    CHECK(remaining_processes(options, 0) == 0);
    return result;
}

/// The reason that the hostile program fails for, in both kinds of isolation.
inline void check_hostile(const std::string& program, reft::program_failure expected,
                          reft::program_runner_options options = short_limits()) {
    for (const bool per_program : {false, true}) {
        options.sandbox_per_program = per_program;
        INFO("sandbox per program: " << per_program);
        const reft::program_result result = run_hostile(program, options);
        INFO(described(result));
        CHECK_FALSE(result.found);
        CHECK(result.reason == expected);
    }
}

}  // namespace test
