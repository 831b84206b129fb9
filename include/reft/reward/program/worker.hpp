// One worker: a sandbox that runs one program after the other, and is replaced when one of them broke a limit.
#pragma once

#include <reft/core/config.hpp>
#include <reft/reward/program/child_process.hpp>
#include <reft/reward/program/options.hpp>
#include <reft/reward/program/sandbox.hpp>
#include <reft/reward/program_result.hpp>
#include <reft/text/number.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace reft::inline REFT_ABI::detail {

/// What a worker says about a program, as bytes that may be hostile: kind A or F, and the text after it.
inline program_result read_program_result(char kind, std::string_view text) {
    const std::size_t line = text.find('\n');
    const std::string_view head = text.substr(0, line);
    const std::string_view rest = line == std::string_view::npos ? std::string_view{} : text.substr(line + 1);
    if (kind == 'A') {
        const std::optional<double> value = python_float(head);
        if (!value) return {{}, program_failure::killed, "it wrote its result itself"};
        return {answer{.kind = answer_kind::number, .number = *value, .text = std::string(rest)},
                program_failure::no_result,
                {}};
    }
    for (int i = 0; i <= static_cast<int>(program_failure::no_sandbox); ++i)
        if (head == name(static_cast<program_failure>(i)))
            return {{}, static_cast<program_failure>(i), std::string(rest)};
    return {{}, program_failure::killed, "it wrote its result itself"};
}

/// Programs of more bytes are none: nothing that a model samples is as long.
inline constexpr std::size_t longest_program = std::size_t{1} << 20U;

/// Not to be used by two threads at a time.
class program_worker {
  public:
    explicit program_worker(const program_runner_options& options) : options_(&options) {}

    /// Starts the sandbox without waiting for it.
    void start() {
        isolation_.reset();
        if (!child_.start(worker_command(*options_))) problem_ = std::strerror(errno);
    }

    /// What the sandbox says it can do; waits until it does.
    program_isolation isolation() {
        if (isolation_) return *isolation_;
        if (!child_.running()) start();
        std::string hello;
        const auto until = child_process::clock::now() + start_time;
        const bool greeted = child_.running() && child_.receive(hello, 2, until) == transfer::done && hello[0] == 'H';
        if (!greeted) {
            if (child_.running()) problem_ = "it did not start";
            child_.stop();
            return program_isolation::unavailable;
        }
        if (options_->sandbox == sandbox_use::none_at_my_own_risk)
            isolation_ = program_isolation::none;
        else
            isolation_ =
                hello[1] == 'n' ? program_isolation::process_namespace : program_isolation::sandbox_per_program;
        return *isolation_;
    }

    /// Runs a program. In a namespace of its own it cannot end its worker, so that one that ends without a word, or has
    /// ended before, is the doing of somebody else (the thread that started it is gone, say): once more, then.
    program_result run(const std::string& program) {
        if (program.size() > longest_program) return {{}, program_failure::syntax, "it has more than a mebibyte"};
        std::optional<program_result> result = attempt(program);
        if (!result) result = attempt(program);
        if (!result) return {{}, program_failure::killed, "its sandbox ended"};
        return *std::move(result);
    }

  private:
    static constexpr std::chrono::seconds start_time{30};

    std::optional<program_result> attempt(const std::string& program) {
        if (isolation() == program_isolation::unavailable)
            return program_result{
                {}, program_failure::no_sandbox, options_->bubblewrap + ", " + options_->interpreter + ": " + problem_};
        const auto until = child_process::clock::now() + options_->wall_time;
        std::string text;
        char kind = 0;
        const transfer came = exchange(program, kind, text, until);
        if (came != transfer::done) {
            start();
            if (came == transfer::closed) return std::nullopt;
            return program_result{{},
                                  program_failure::timeout,
                                  "the wall clock's " + std::to_string(options_->wall_time.count()) + " ms are over"};
        }
        program_result result = read_program_result(kind, text);
        if (spent(result)) start();
        return result;
    }

    transfer exchange(const std::string& program, char& kind, std::string& text,
                      child_process::clock::time_point until) {
        std::string message = length_bytes(program.size()) + program;
        if (const transfer sent = child_.send(message, until); sent != transfer::done) return sent;
        if (const transfer got = child_.receive(message, 5, until); got != transfer::done) return got;
        kind = message[0];
        std::size_t size = 0;
        for (int i = 4; i >= 1; --i)
            size = size << 8U | static_cast<unsigned char>(message[static_cast<std::size_t>(i)]);
        if (size > 2 * static_cast<std::size_t>(options_->output_bytes) + (std::size_t{1} << 18U))
            return transfer::closed;
        return child_.receive(text, size, until);
    }

    static std::string length_bytes(std::size_t size) {
        std::string bytes(4, '\0');
        for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<char>(size >> (8 * i) & 0xFFU);
        return bytes;
    }

    /// Whether the worker is to be replaced after such a result.
    bool spent(const program_result& result) const {
        if (isolation_ == program_isolation::sandbox_per_program) return true;
        if (result.found) return false;
        switch (result.reason) {
            case program_failure::timeout:
            case program_failure::memory:
            case program_failure::output:
            case program_failure::killed:
            case program_failure::no_sandbox: return true;
            default: return false;
        }
    }

    const program_runner_options* options_;
    child_process child_;
    std::optional<program_isolation> isolation_;
    std::string problem_;
};

}  // namespace reft::inline REFT_ABI::detail
