// corpus: texts
#include <reft/text/word_tokenizer.hpp>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    static const reft::word_tokenizer few({"the", "answer", "is", " ", ".", "1"}, {.unknown = true});
    const auto known = few.encode(text);  // takes any bytes
    for (const auto id : known) fuzz::require(id >= 0 && id < few.vocabulary_size(), "ids are in the vocabulary");
    fuzz::require(known.size() <= size, "there are no more tokens than bytes");
    for (const bool digit_by_digit : {false, true}) {
        try {
            const reft::word_tokenizer own(text, {.digit_by_digit = digit_by_digit});
            fuzz::require(own.decode(own.encode(text)) == text, "a text comes back from the tokens of its own words");
            const reft::word_tokenizer copy(own.pieces(), own.options());
            fuzz::require(copy.encode(text) == own.encode(text), "a tokenizer's own pieces give the same ids");
        } catch (const reft::value_error&) {  // not UTF-8
        }
    }
    return 0;
}
