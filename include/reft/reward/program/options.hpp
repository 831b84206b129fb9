// What programs may use, and what they run in.
#pragma once

#include <reft/core/config.hpp>
#include <reft/core/error.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace reft::inline REFT_ABI {

/// Whether programs may run without a sandbox.
enum class sandbox_use {
    required,             ///< without a sandbox nothing runs, and every program gets `no_sandbox`
    none_at_my_own_risk,  ///< no sandbox at all: programs read the caller's files and reach the network
};

/// What keeps one program from another.
enum class program_isolation {
    process_namespace,    ///< one sandbox per worker, in it a process namespace per program
    sandbox_per_program,  ///< no such namespaces in the sandbox here: a sandbox for every program
    none,                 ///< no sandbox: a fork, with limits
    unavailable,          ///< nothing runs
};

/// The isolation as a word.
constexpr std::string_view name(program_isolation isolation) {
    switch (isolation) {
        case program_isolation::process_namespace: return "process_namespace";
        case program_isolation::sandbox_per_program: return "sandbox_per_program";
        case program_isolation::none: return "none";
        case program_isolation::unavailable: return "unavailable";
    }
    return "unknown";
}

/// How programs run. The time limits are those of the paper's code, 10 s, with the wall clock looser than the
/// processor's, so that a loaded machine does not decide about rewards.
struct program_runner_options {
    int workers = 0;                                       ///< programs at a time; 0: one per hardware thread
    std::chrono::seconds cpu_time{10};                     ///< of the processor, per program
    std::chrono::milliseconds wall_time{20'000};           ///< until the worker is killed, per program
    std::int64_t memory_bytes = std::int64_t{512} << 20U;  ///< of address space, per process
    int processes = 1;                    ///< and threads, per program. 1: none can be started. More: see below
    std::int64_t output_bytes = 1 << 20;  ///< printed, and of a result
    std::string interpreter = "/usr/bin/python3";  ///< an absolute path
    std::string bubblewrap = "bwrap";              ///< looked for in PATH if it has no slash
    std::vector<std::string> readable = {};  ///< more folders that programs may read: an interpreter's outside /usr
    bool sandbox_per_program = false;        ///< even where process namespaces would do; several times slower
    sandbox_use sandbox = sandbox_use::required;  ///< whether to run without one
};
// More processes than 1 are limited by RLIMIT_NPROC, from which Linux exempts root.

namespace detail {

inline void require_runner_options(const program_runner_options& options) {
    const auto require = [](bool holds, std::string_view what, auto value) {
        require_option(holds, "program_runner", what, static_cast<double>(value));
    };
    require(options.workers >= 0, "workers must not be negative", options.workers);
    require(options.cpu_time.count() >= 1, "cpu_time must be at least a second", options.cpu_time.count());
    require(options.wall_time.count() >= 1, "wall_time must be at least a millisecond", options.wall_time.count());
    require(options.wall_time.count() <= std::numeric_limits<int>::max() / 2, "wall_time must be below 12 days",
            options.wall_time.count());
    require(options.memory_bytes >= std::int64_t{64} << 20U, "memory_bytes must be at least 64 MiB",
            options.memory_bytes);
    require(options.processes >= 1, "processes must be positive", options.processes);
    require(options.output_bytes >= 1 && options.output_bytes <= std::int64_t{1} << 28U,
            "output_bytes must be between 1 and 256 MiB", options.output_bytes);
    if (!options.interpreter.starts_with('/'))
        throw option_error("program_runner: interpreter must be an absolute path, but it is '" + options.interpreter +
                           "'");
}

}  // namespace detail
}  // namespace reft::inline REFT_ABI
