// corpus: numbers
#include <reft/reward/answer_reward.hpp>

#include <cmath>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    for (const auto kind : {reft::answer_kind::number, reft::answer_kind::option, reft::answer_kind::text}) {
        const auto gold = reft::gold_answer(text, kind);
        if (!gold) continue;
        fuzz::check_answer(*gold);
        fuzz::require(gold->kind == kind, "a gold answer is of the kind that was asked for");
        if (kind == reft::answer_kind::number) fuzz::require(std::isfinite(gold->number), "a gold number is finite");
        fuzz::require(reft::gold_answer(gold->text, kind).has_value(), "the text of a gold answer is one");
    }
    return 0;
}
