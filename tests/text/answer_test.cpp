#include <reft/text/answer.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "support/catch.hpp"

namespace {

struct says_nothing {
    reft::extraction operator()(std::string_view) const { return {}; }
};
struct says_how_long {
    std::size_t operator()(std::string_view text) const { return text.size(); }
};
struct needs_to_change {
    reft::extraction operator()(std::string_view) { return {}; }
};

static_assert(reft::extractor<says_nothing>);
static_assert(reft::extractor<std::function<reft::extraction(std::string_view)>>);
static_assert(!reft::extractor<says_how_long>);
static_assert(!reft::extractor<needs_to_change>);
static_assert(!reft::extractor<int>);

}  // namespace

TEST_CASE("answer: an extraction starts as nothing found") {
    const reft::extraction nothing = says_nothing{}("The answer is 5");
    CHECK_FALSE(nothing.found);
    CHECK(nothing.reason == reft::no_answer::no_marker);
    CHECK(nothing.span.empty());
    CHECK(nothing.marker.empty());
}

TEST_CASE("answer: reasons have names") {
    CHECK(reft::name(reft::no_answer::no_marker) == "no_marker");
    CHECK(reft::name(reft::no_answer::empty) == "empty");
    CHECK(reft::name(reft::no_answer::not_a_number) == "not_a_number");
    CHECK(reft::name(reft::no_answer::not_an_option) == "not_an_option");
    CHECK(reft::name(static_cast<reft::no_answer>(99)) == "unknown");
}

TEST_CASE("answer: a span gives its bytes, and none outside the text") {
    const std::string text = "so 18.";
    CHECK(reft::text_span{3, 2}.in(text) == "18");
    CHECK(reft::text_span{3, 99}.in(text) == "18.");
    CHECK(reft::text_span{99, 1}.in(text).empty());
}
