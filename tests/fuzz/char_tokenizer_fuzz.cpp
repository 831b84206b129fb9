// corpus: texts
#include <reft/text/char_tokenizer.hpp>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    static const reft::char_tokenizer fixed("abcdefghijklmnopqrstuvwxyz 0123456789.,\n");
    try {
        const reft::char_tokenizer own(text);
        const auto ids = own.encode(text);
        fuzz::require(own.decode(ids) == text, "a text comes back from the tokens of its own alphabet");
        for (const auto id : ids)
            fuzz::require(id >= 0 && id < own.vocabulary_size() && !own.is_special(id), "ids are in the vocabulary");
    } catch (const reft::value_error&) {  // not UTF-8
    }
    try {
        fuzz::require(fixed.decode(fixed.encode(text)) == text, "a text that can be encoded comes back");
    } catch (const reft::value_error&) {  // a character that is not in the alphabet
    }
    return 0;
}
