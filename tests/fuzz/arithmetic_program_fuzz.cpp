// corpus: programs
#include <reft/reward/arithmetic_program.hpp>

#include <cmath>
#include <string>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view source = fuzz::text_of(data, size);
    const auto result = reft::arithmetic_program(source);
    if (!result) return 0;
    fuzz::require(result->found.has_value(), "a result has an answer");
    const reft::answer& answer = *result->found;
    fuzz::check_answer(answer);
    fuzz::require(answer.kind == reft::answer_kind::number && std::isfinite(answer.number), "it is a finite number");
    const auto read = reft::python_float(answer.text);
    fuzz::require(read && fuzz::same_bits(*read, answer.number), "its spelling gives the number back");
    if (size > 60'000) return 0;  // a longer source may be too long
    const auto again = reft::arithmetic_program("\n# a comment\n" + std::string(source) + "\n# and another\n");
    fuzz::require(again && again->found->text == answer.text, "comments around a program change nothing");
    return 0;
}
