#include <reft/reward/extract_boxed.hpp>

#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using reft::answer_kind;
using reft::no_answer;

static_assert(reft::extractor<reft::boxed_extractor>);

TEST_CASE("boxed_extractor: numbers in the last box") {
    const std::vector<std::pair<std::string, std::string>> texts = {
        {"\\boxed{18}", "18"},
        {"\\boxed{20\\%}", "20%"},
        {"\\boxed{20.0}", "20.0"},
        {"\\boxed{\\frac{840}{13}}", "840/13"},
        {"\\boxed{5} hours and \\boxed{20} minutes", "20"},
        {"$\\boxed{\\$18}$", "18"},
        {"\\boxed{12{,}000}", "12000"},
        {"\\boxed{18\\text{ dollars}}", "18"},
        {"\\boxed{18 cm^2}", "18"},
        {"\\boxed{\\text{18 eggs}}", "18"},
        {"\\boxed{x = -5}", "-5"},
        {"\\boxed{90^\\circ}", "90"},
        {"\\boxed{\\boxed{7}}", "7"},
        {"\\boxed{6} and \\boxed{7", "6"},
        {"\\boxed {8}", "8"},
        {"\\fbox{9}", "9"},
    };
    for (const auto& [text, spelling] : texts) {
        CAPTURE(text);
        const reft::extraction result = reft::boxed_extractor{}(text);
        REQUIRE(result.found);
        CHECK(result.found->kind == answer_kind::number);
        CHECK(result.found->text == spelling);
        CHECK(result.by == reft::answer_marker::boxed);
    }
}

TEST_CASE("boxed_extractor: texts, and nothing") {
    const reft::boxed_extractor extract;
    CHECK(extract("\\boxed{\\text{Monday}}").found->text == "monday");
    CHECK(extract("\\boxed{\\text{Monday}}").found->kind == answer_kind::text);
    CHECK(extract("\\boxed{5\\sqrt{2}}").found->kind == answer_kind::text);
    CHECK(extract("\\boxed{(1, 2)}").found->kind == answer_kind::text);
    CHECK(extract("\\boxed{}").reason == no_answer::empty);
    CHECK(extract("\\boxed{5").reason == no_answer::no_marker);
    CHECK(extract("\\boxed").reason == no_answer::no_marker);
    CHECK(extract("boxed{5}").reason == no_answer::no_marker);
    const std::string text = "so \\boxed{18}.";
    CHECK(extract(text).span.in(text) == "18");
    CHECK(extract(text).marker.in(text) == "\\boxed{");
}
