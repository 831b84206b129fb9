// corpus: texts
#include <reft/reward/extract_number.hpp>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    fuzz::check_extractor(reft::hashes_extractor{}, text);
    fuzz::check_extractor(reft::statement_extractor{}, text);
    fuzz::check_extractor(reft::angle_brackets_extractor{}, text);
    fuzz::check_extractor(reft::last_number_extractor{}, text);
    if (text.find('#') == std::string_view::npos)
        fuzz::require(!reft::hashes_extractor{}(text).found, "no hashes, no answer behind them");
    if (text.find('<') == std::string_view::npos)
        fuzz::require(!reft::angle_brackets_extractor{}(text).found, "no bracket, no answer in them");
    return 0;
}
