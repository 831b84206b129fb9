// corpus: texts
#include <reft/reward/extract_presets.hpp>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using reft::answer_format, reft::extraction_preset;
    const std::string_view text = fuzz::text_of(data, size);
    for (const auto format : {answer_format::ncot, answer_format::mcq, answer_format::boxed}) {
        for (const auto preset : {extraction_preset::mwp_reft, extraction_preset::strict, extraction_preset::flexible})
            fuzz::check_extractor([&](std::string_view t) { return reft::extract_answer(t, format, preset); }, text);
        const auto strict = reft::extract_answer(text, format);
        const auto flexible = reft::extract_answer(text, format, extraction_preset::flexible);
        if (strict.found)
            fuzz::require(flexible.found && flexible.found->text == strict.found->text,
                          "the flexible preset finds what the strict one finds");
    }
    return 0;
}
