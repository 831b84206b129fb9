// corpus: numbers
#include <reft/text/prose_number.hpp>

#include "fuzz/fuzz.hpp"

namespace {

void check(const reft::prose_number& number, std::string_view text) {
    fuzz::require(fuzz::lies_in(number.span, text), "the number lies in the text");
    fuzz::require(!number.span.empty(), "a number has bytes");
    fuzz::require(!number.spelling.empty(), "a number has a spelling");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    for (std::size_t at = 0; at <= size && at < 40; ++at) {
        const auto number = reft::prose_number_at(text, at);
        if (!number) continue;
        check(*number, text);
        fuzz::require(number->span.begin >= at, "a number does not begin before its place");
    }
    if (const auto first = reft::first_prose_number(text)) check(*first, text);
    static_cast<void>(reft::first_prose_number(text, size));
    return 0;
}
