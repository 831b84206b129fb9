// Runs programs that a model wrote, in a sandbox. POSIX; target reft::program.
#pragma once

#include <reft/core/config.hpp>
#include <reft/core/thread_pool.hpp>
#include <reft/reward/program/options.hpp>
#include <reft/reward/program/worker.hpp>
#include <reft/reward/program_result.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

/// Runs Python programs in warm workers, each a Python of its own under bubblewrap, and gives what they compute.
///
/// A program is what stands in the first code fence, else the longest beginning of the text that is Python and ends
/// at a blank line. `import math` stands before it. Its result is what `solution()` returns if there is one, else
/// `ans`, else the last number it printed: int, float, Fraction, Decimal, bool, a scalar of sympy or numpy, or a str
/// that Python's float() takes. A tuple, a list, None, NaN and a complex number are no numbers.
///
/// Each program runs in a fork, and what a program does ends with it: files cannot be written, processes are killed,
/// memory is its own. After any limit or signal the worker is replaced. docs/programs.md has the limits one by one.
///
/// Errors    option_error for options out of range; std::system_error if there are no more threads. What programs
///           contain or do is never an error: it is the `reason` of their results.
class program_runner {
  public:
    /// Starts the workers, without waiting for them.
    explicit program_runner(program_runner_options options = {})
        : options_(std::move(options)), pool_(checked_workers(options_)) {
        workers_.reserve(static_cast<std::size_t>(pool_.workers()));
        for (int i = 0; i < pool_.workers(); ++i) workers_.emplace_back(options_).start();
    }

    program_runner(const program_runner&) = delete;
    program_runner& operator=(const program_runner&) = delete;

    /// Runs the programs, several at a time; result i is of program i. Several threads may call it; they take turns.
    std::vector<program_result> operator()(std::span<const std::string> programs) {
        const std::lock_guard lock(mutex_);
        std::vector<program_result> results(programs.size());
        pool_.run(static_cast<std::int64_t>(programs.size()), [&](std::int64_t i, int worker) {
            const auto at = static_cast<std::size_t>(i);
            results[at] = workers_[static_cast<std::size_t>(worker)].run(programs[at]);
        });
        return results;
    }

    /// What keeps programs apart here. Waits for the first worker.
    program_isolation isolation() {
        const std::lock_guard lock(mutex_);
        return workers_.front().isolation();
    }

    /// Whether programs can run here in a sandbox; starts one to see.
    static bool sandbox_available(program_runner_options options = {}) {
        options.sandbox = sandbox_use::required;
        detail::require_runner_options(options);
        return detail::program_worker(options).isolation() != program_isolation::unavailable;
    }

    const program_runner_options& options() const { return options_; }  ///< as given

  private:
    static int checked_workers(const program_runner_options& options) {
        detail::require_runner_options(options);
        return options.workers > 0 ? options.workers : static_cast<int>(std::thread::hardware_concurrency());
    }

    const program_runner_options options_;
    std::mutex mutex_;
    thread_pool pool_;
    std::vector<detail::program_worker> workers_;
};

}  // namespace reft::inline REFT_ABI
