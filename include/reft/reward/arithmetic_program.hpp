// Simple Python programs evaluated in-process: what most sampled programs are, without starting Python.
#pragma once

#include <reft/reward/arithmetic/interpreter.hpp>
#include <reft/reward/arithmetic/program_parser.hpp>
#include <reft/reward/arithmetic/repr.hpp>
#include <reft/reward/arithmetic/scanner.hpp>
#include <reft/reward/arithmetic/syntax.hpp>
#include <reft/reward/arithmetic/value.hpp>
#include <reft/reward/program_result.hpp>
#include <reft/text/answer.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reft::inline REFT_ABI {

/// The result of a simple Python program, or nothing: then ask Python.
///
/// The program is `def solution():`, which returns the answer, or plain statements that set `ans`. It may have
///
///     statements    assignment to one name, also += -= *= /= //= %= **=; if, elif, else; while; for over range;
///                   break, continue, pass, return; expressions; texts (documentation) and comments
///     expressions   decimal ints and floats, True, False, names, parentheses; + - * / // % **, unary + and -;
///                   chained comparisons; and, or, not; x if c else y; int, float, abs, round, min, max of numbers
///
/// with Python's meaning: an int stays an int, / gives a float, // and % round down, bool is an int, and `and` and
/// `or` give an operand. `number` is the result as a double, `text` its repr, bit for bit what Python has. There is
/// nothing for all else: any other construct, any error (of syntax, a name without a value, a division by zero), an
/// int beyond 64 bits or beyond 2^53 under /, a result that is no int and no finite float, more than 64 KiB of
/// source, a thousand names or a million steps, and trees more than 100 deep. So a result is never a failure.
///
/// Errors     none: any bytes may be given. Time is bounded by the steps, stack by the depth.
/// Precision  exact; ** of floats is the C library's pow, as in a Python that uses the same library.
/// Source     CPython 3.11: the language reference and Objects/floatobject.c for // % ** and round of floats.
inline std::optional<program_result> arithmetic_program(std::string_view source) {
    constexpr std::size_t max_bytes = 65'536;
    constexpr std::int64_t max_steps = 1'000'000;
    if (source.size() > max_bytes) return std::nullopt;
    const auto tokens = detail::arithmetic::scanner(source).tokens();
    if (!tokens) return std::nullopt;
    const auto program = detail::arithmetic::program_parser(*tokens).parsed();
    if (!program) return std::nullopt;
    const auto value = detail::arithmetic::interpreter(*program, max_steps).result();
    if (!value || value->kind == detail::arithmetic::value_kind::boolean) return std::nullopt;
    const double number = detail::arithmetic::as_real(*value);
    if (!std::isfinite(number)) return std::nullopt;
    std::optional<std::string> spelling = detail::arithmetic::repr(*value);
    if (!spelling) return std::nullopt;
    program_result result;
    result.found = answer{answer_kind::number, number, *std::move(spelling)};
    return result;
}

}  // namespace reft::inline REFT_ABI
