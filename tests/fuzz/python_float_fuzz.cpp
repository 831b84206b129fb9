// corpus: numbers
#include <reft/text/number.hpp>

#include <cmath>
#include <string>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(fuzz::text_of(data, size));
    const auto value = reft::python_float(text);
    const auto spaced = reft::python_float(" " + text + "\n");
    fuzz::require(spaced.has_value() == value.has_value(), "white space around a number changes nothing");
    if (!value) return 0;
    fuzz::require(fuzz::same_bits(*spaced, *value), "white space around a number does not change it");
    std::string joined;
    for (const char c : text)
        if (c != '_') joined += c;
    const auto plain = reft::python_float(joined);
    fuzz::require(plain && fuzz::same_bits(*plain, *value), "`_` between digits does not change a number");
    if (text.find_first_not_of("0123456789.") != std::string::npos) return 0;
    const auto negative = reft::python_float("-" + text);
    fuzz::require(negative && *negative == -*value, "a minus in front of a number negates it");
    return 0;
}
