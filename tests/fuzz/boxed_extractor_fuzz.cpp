// corpus: texts
#include <reft/reward/extract_boxed.hpp>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    fuzz::check_extractor(reft::boxed_extractor{}, text);
    if (text.find('\\') == std::string_view::npos)
        fuzz::require(!reft::boxed_extractor{}(text).found, "without a command there is no box");
    return 0;
}
