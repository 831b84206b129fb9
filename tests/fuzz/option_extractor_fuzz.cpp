// corpus: texts
#include <reft/reward/extract_option.hpp>

#include "fuzz/fuzz.hpp"

namespace {

void check(const reft::option_extractor& extract, std::string_view text, char last_letter) {
    fuzz::check_extractor(extract, text);
    const reft::extraction result = extract(text);
    if (!result.found) return;
    const std::string& letter = result.found->text;
    fuzz::require(letter.size() == 1 && letter[0] >= 'a' && letter[0] <= last_letter,
                  "an answer is one of the letters");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    static const reft::answer_options three{{"24", "1 / 2", "none of these"}};
    check(reft::option_extractor{}, text, 'e');
    check(reft::option_extractor{&three}, text, 'c');
    // The options of a hostile data set.
    const reft::answer_options own = reft::parsed_answer_options(text);
    fuzz::require(own.texts.size() <= 26, "there are no more options than letters");
    check(reft::option_extractor{&own}, text, own.texts.empty() ? 'e' : static_cast<char>('a' + own.texts.size() - 1));
    return 0;
}
