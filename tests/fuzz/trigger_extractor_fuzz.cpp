// corpus: texts
#include <reft/reward/extract.hpp>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    const auto number = reft::mwp_reft_number_extractor();
    fuzz::check_extractor(number, text);
    const reft::extraction read = number(text);
    const auto value = reft::python_float(read.span.in(text));
    fuzz::require(read.found.has_value() == value.has_value(), "a number is found where what was read is one");
    if (value) fuzz::require(fuzz::same_bits(read.found->number, *value), "the number is that of what was read");
    const auto option = reft::mwp_reft_option_extractor();
    fuzz::check_extractor(option, text);
    fuzz::require(option(text).found.has_value(), "the option rule of the paper's code finds something everywhere");
    fuzz::check_extractor(reft::mwp_reft_strict_option_extractor(), text);
    fuzz::check_extractor(reft::trigger_extractor{.kind = reft::answer_kind::text}, text);
    return 0;
}
