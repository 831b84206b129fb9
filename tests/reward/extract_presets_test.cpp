#include <reft/core/random.hpp>
#include <reft/reward/extract_presets.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

using reft::answer_format;
using reft::answer_marker;
using reft::extract_answer;
using reft::extraction_preset;

namespace {

constexpr answer_format formats[] = {answer_format::ncot, answer_format::mcq, answer_format::boxed};
constexpr extraction_preset presets[] = {extraction_preset::mwp_reft, extraction_preset::strict,
                                         extraction_preset::flexible};

const reft::answer_options five{.texts = {"1,000", "31 / 36", "rs . 5", "d", "none of these"}};

/// Seconds of processor time that all presets need for a text of about `bytes` bytes, made of `piece`; the least of three.
double seconds(std::string_view piece, std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += piece;
    double least = 1e9;
    for (int i = 0; i < 3; ++i) {
        const std::clock_t begin = std::clock();
        for (const answer_format format : formats)
            for (const extraction_preset preset : presets) extract_answer(text, format, preset, &five);
        least = std::min(least, static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC);
    }
    return least;
}

}  // namespace

TEST_CASE("extract_answer: the best marker first, whatever its place") {
    const auto by = [](std::string_view text) { return extract_answer(text, answer_format::ncot).by; };
    CHECK(by("The answer is 5\n#### 6") == answer_marker::hashes);
    CHECK(by("#### 6\nThe answer is 5") == answer_marker::hashes);
    CHECK(by("#### Step 1\nThe answer is 5") == answer_marker::answer_is);
    CHECK(by("\\boxed{7} so the answer is 5") == answer_marker::boxed);
    CHECK(by("so <7>. A: yes") == answer_marker::angle_brackets);
    CHECK(extract_answer("the answer is <9>.\nTherefore, the answer is: 8.9333", answer_format::ncot).found->number ==
          8.9333);
}

TEST_CASE("extract_answer: strict rewards no text that states nothing, flexible does") {
    for (const std::string text : {"Therefore, Tommy raises $221.", "He has 3 + 4 = 7 apples", "cut in the mid"}) {
        CAPTURE(text);
        CHECK_FALSE(extract_answer(text, answer_format::ncot).found);
        CHECK_FALSE(extract_answer(text, answer_format::boxed).found);
    }
    const auto flexible =
        extract_answer("Therefore, Tommy raises $221.", answer_format::ncot, extraction_preset::flexible);
    REQUIRE(flexible.found);
    CHECK(flexible.found->number == 221);
    CHECK(flexible.by == answer_marker::last_number);
    CHECK_FALSE(extract_answer("no number", answer_format::ncot, extraction_preset::flexible).found);
}

TEST_CASE("extract_answer: mwp_reft is the paper's code") {
    const auto read = [](std::string_view text, answer_format format) {
        return extract_answer(text, format, extraction_preset::mwp_reft);
    };
    CHECK(read("25", answer_format::ncot).found->number == 25);
    CHECK_FALSE(read("so\nTherefore, the answer is: $18", answer_format::ncot).found);
    CHECK(read("so\nTherefore, the answer is: 18", answer_format::ncot).by == answer_marker::trigger);
    CHECK(read("anything", answer_format::mcq).found->text == "anything");
}

TEST_CASE("extract_answer: a box is read first where boxes are the format") {
    CHECK(extract_answer("#### 6\n\\boxed{7}", answer_format::boxed).found->number == 7);
    CHECK(extract_answer("The answer is 5.", answer_format::boxed).found->number == 5);
}

TEST_CASE("extract_answer: spans and markers are places in the text, for any bytes") {
    const std::vector<std::string> pieces = {
        "answer", " is ", ": ", "#### ", "\\boxed{", "}", "<",   ">",      "<<", "1", "/",  ",",  ".",   "5", "%",
        "\xFF",   "-",    "$",  "\\",    "frac{",    "a", " b ", "option", "(",  ")", "\n", "\0", "ans", "=", "\xC2"};
    for (std::uint64_t seed = 0; seed < 20000; ++seed) {
        reft::random_stream random(seed);
        std::string text;
        for (std::size_t n = static_cast<std::size_t>(random.uniform() * 12); n > 0; --n)
            text += pieces[static_cast<std::size_t>(random.uniform() * static_cast<double>(pieces.size()))];
        for (const answer_format format : formats)
            for (const extraction_preset preset : presets) {
                const reft::extraction result = extract_answer(text, format, preset, seed % 2 == 0 ? &five : nullptr);
                CAPTURE(text);
                CHECK(result.span.begin + result.span.size <= text.size());
                CHECK(result.marker.begin + result.marker.size <= text.size());
            }
    }
}

TEST_CASE("extract_answer: linear in the length, whatever the text holds") {
    // Sixteen times the length: a quadratic extractor needs 256 times the time.
    for (const std::string piece : {"0.3333333333",
                                    "3",
                                    "((((",
                                    "<<",
                                    "<",
                                    ">",
                                    "\\boxed{",
                                    "{",
                                    "}",
                                    "\\boxed{}",
                                    "the answer is ",
                                    "answer",
                                    "answer ",
                                    "A:",
                                    "\nA:",
                                    "1/1",
                                    "1,1,1,",
                                    "1,111",
                                    "####",
                                    "# ",
                                    "#### ",
                                    "####  \n",
                                    "=",
                                    "= 1/1/",
                                    " = ",
                                    "answer = ",
                                    "option ",
                                    "a ) ",
                                    "$ ",
                                    "$",
                                    "- ",
                                    "-",
                                    " ",
                                    "\n",
                                    "a",
                                    "b ",
                                    "5^",
                                    "answer:\n",
                                    "rs . ",
                                    "\xE2\x88\x92",
                                    "\xC2",
                                    "\\",
                                    "1e",
                                    "x1",
                                    "1 ",
                                    "1 1/",
                                    "c is the answer ",
                                    "the answer is 1 ",
                                    "correct "}) {
        CAPTURE(piece);
        const double small = seconds(piece, 1u << 15), large = seconds(piece, 1u << 19);
        CHECK(large < 100 * std::max(small, 1e-4));
    }
}
