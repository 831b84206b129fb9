// corpus: texts
#include <reft/text/mathqa_options.hpp>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    const auto options = reft::mathqa_options(text);
    if (!options) return 0;
    fuzz::require(options->size() >= 2 && options->size() <= 26,
                  "there are two options at least and one per letter at most");
    for (const std::string& option : *options) fuzz::require(option.size() < size, "an option is a part of the text");
    return 0;
}
