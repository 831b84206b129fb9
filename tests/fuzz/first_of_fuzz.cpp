// corpus: texts
#include <reft/reward/extract.hpp>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    const reft::trigger_extractor strict{.answer_trigger = "#### "};
    const reft::trigger_extractor second{.answer_trigger = "A: "};
    const auto lenient = reft::mwp_reft_number_extractor();
    const reft::first_of all(strict, second, lenient);
    fuzz::check_extractor(all, text);
    const reft::extraction result = all(text);
    const bool any = strict(text).found || second(text).found || lenient(text).found;
    fuzz::require(result.found.has_value() == any, "something is found where one of them finds something");
    fuzz::require(result.extractor < 3, "the number is that of one of the extractors");
    if (strict(text).found) fuzz::require(result.extractor == 0, "the first that finds something counts");
    return 0;
}
