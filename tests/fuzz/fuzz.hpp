// What the fuzz targets have in common: a text from bytes, properties that must hold, and those of every extractor.
#pragma once

#include <reft/text/answer.hpp>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace fuzz {

/// The input in memory of exactly its size, so that a byte read beyond it is noticed.
inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// Ends the program where a property does not hold; libFuzzer then keeps the input.
inline void require(bool holds, const char* property) {
    if (holds) return;
    std::fprintf(stderr, "fuzz: it does not hold that %s\n", property);
    std::abort();
}

inline bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

inline bool lies_in(const reft::text_span& span, std::string_view text) {
    return span.begin <= text.size() && span.size <= text.size() - span.begin;
}

/// A number that is read is a number, unless it says otherwise by itself, and an option has a letter.
inline void check_answer(const reft::answer& answer) {
    if (answer.kind == reft::answer_kind::number) require(!answer.text.empty(), "a number has a spelling");
    if (answer.kind != reft::answer_kind::number) require(std::isnan(answer.number), "only a number has a value");
}

/// What holds for every extractor and every text: places lie in the text, and the result is the same each time.
template <reft::extractor Extractor>
void check_extractor(const Extractor& extract, std::string_view text) {
    const reft::extraction first = extract(text);
    require(lies_in(first.span, text), "what was read lies in the text");
    require(lies_in(first.marker, text), "the marker lies in the text");
    if (first.found) check_answer(*first.found);
    require(!reft::name(first.reason).empty() && reft::name(first.reason) != "unknown", "the reason has a name");
    const reft::extraction again = extract(text);
    require(again.found.has_value() == first.found.has_value(), "a text has always or never an answer");
    if (first.found) require(again.found->text == first.found->text, "a text has one answer");
}

}  // namespace fuzz
