// What a program that a model wrote computes, or why it computes nothing.
#pragma once

#include <reft/core/config.hpp>
#include <reft/text/answer.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace reft::inline REFT_ABI {

/// Why a program has no answer.
enum class program_failure {
    syntax,        ///< no beginning of the text that ends at a blank line or a line is Python
    exception,     ///< it raised an exception; `message` holds its type and text
    timeout,       ///< it used up its CPU time or its wall clock time
    memory,        ///< it wanted more memory than it may have
    output,        ///< it printed more than it may
    not_a_number,  ///< it has a result, which is no number: a tuple, a list, None, a complex number, some text
    no_result,     ///< neither `solution()`, nor `ans`, nor anything printed
    killed,        ///< it ended without a result: by a signal, by os._exit, by taking its interpreter along
    no_sandbox,    ///< it did not run, because there is no sandbox here, or no interpreter in it
};

/// The reason as a word, for metrics and messages.
constexpr std::string_view name(program_failure reason) {
    switch (reason) {
        case program_failure::syntax: return "syntax";
        case program_failure::exception: return "exception";
        case program_failure::timeout: return "timeout";
        case program_failure::memory: return "memory";
        case program_failure::output: return "output";
        case program_failure::not_a_number: return "not_a_number";
        case program_failure::no_result: return "no_result";
        case program_failure::killed: return "killed";
        case program_failure::no_sandbox: return "no_sandbox";
    }
    return "unknown";
}

/// The result of running a program.
///
/// An answer has kind number: `number` is the double, and `text` the exact spelling, Python's `str` of an int of any
/// length or of a Fraction (`13/4`), its `repr` of a float.
struct program_result {
    std::optional<answer> found = {};                     ///< the answer, or nothing
    program_failure reason = program_failure::no_result;  ///< why there is none; without meaning if there is one
    std::string message = {};                             ///< about the reason, for people
};

}  // namespace reft::inline REFT_ABI
