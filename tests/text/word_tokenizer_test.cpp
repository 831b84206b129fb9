#include <reft/core/random.hpp>
#include <reft/text/tokenizer.hpp>
#include <reft/text/word_tokenizer.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"

using reft::token_id;
using reft::word_tokenizer;
using ids = std::vector<token_id>;
using texts = std::vector<std::string>;

static_assert(reft::tokenizer<word_tokenizer>);
static_assert(std::is_copy_assignable_v<word_tokenizer>);

namespace {

/// What the constructor makes of a text: its pieces, each once.
texts pieces_of(std::string_view text, bool digit_by_digit = true) {
    const word_tokenizer t(text, {.digit_by_digit = digit_by_digit});
    return {t.pieces().begin(), t.pieces().end()};
}

template <class Call>
std::string message(Call call) {
    try {
        call();
    } catch (const reft::value_error& e) {
        return e.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("word_tokenizer: an example by hand") {
    const word_tokenizer t("Tom has 12 apples.");
    CHECK(t.vocabulary_size() == 3 + 7);
    CHECK(t.padding() == 0);
    CHECK(t.begin_of_sequence() == 1);
    CHECK(t.end_of_sequence() == 2);
    CHECK_FALSE(t.unknown());
    //                                       Tom   has    1  2    apples .
    CHECK(t.encode("Tom has 12 apples.") == ids{3, 4, 5, 4, 6, 7, 4, 8, 9});
    CHECK(t.encode("apples 21  Tom") == ids{8, 4, 7, 6, 4, 4, 3});
    CHECK(t.decode(ids{8, 4, 7, 6, 4, 4, 3}) == "apples 21  Tom");
    CHECK(t.is_special(2));
    CHECK_FALSE(t.is_special(3));
    CHECK_FALSE(t.is_special(-1));
    CHECK(t.encode("").empty());
    CHECK(t.decode(ids{}).empty());
}

TEST_CASE("word_tokenizer: pieces are words, digits, signs and single white space") {
    CHECK(pieces_of("don't stop") == texts{"don", "'", "t", " ", "stop"});
    CHECK(pieces_of("a\r\n\tb") == texts{"a", "\r", "\n", "\t", "b"});
    CHECK(pieces_of("$3.50=x_1") == texts{"$", "3", ".", "5", "0", "=", "x", "_", "1"});
    CHECK(pieces_of("$13.50=x12", false) == texts{"$", "13", ".", "50", "=", "x", "12"});
    CHECK(pieces_of("Größe naïve 東京") == texts{"Größe", " ", "naïve", "東京"});
    CHECK(pieces_of("“2×3”→½€…") == texts{"“", "2", "×", "3", "”", "→", "½", "€", "…"});
    CHECK(pieces_of("४२ 𝟗", false) == texts{"४२", " ", "𝟗"});
    CHECK(pieces_of("४२ 𝟗") == texts{"४", "२", " ", "𝟗"});
    CHECK(pieces_of("a\u00A0b\u3000c。d") == texts{"a", "\u00A0", "b", "\u3000", "c", "。", "d"});
    CHECK(pieces_of(std::string_view("a\0b", 3)) == texts{"a", std::string(1, '\0'), "b"});
    CHECK(pieces_of("e\u0301 😀😀") == texts{"e\u0301", " ", "😀😀"});
    CHECK(pieces_of("").empty());
}

TEST_CASE("word_tokenizer: the vocabulary comes from a corpus, from words, or from another tokenizer") {
    const word_tokenizer corpus("one two two one");
    const word_tokenizer words({"one", " ", "two"});
    const texts list = {"one", " two"};
    const word_tokenizer split(list);
    const word_tokenizer again(corpus.pieces());
    for (const word_tokenizer* t : {&corpus, &words, &split, &again}) CHECK(t->encode("two one") == ids{5, 4, 3});
    CHECK(word_tokenizer(texts{}).vocabulary_size() == 3);
}

TEST_CASE("word_tokenizer: only the special tokens that are wanted, skipped or shown, and never read from text") {
    const word_tokenizer none("a", {.padding = false, .begin_of_sequence = false});
    CHECK(none.vocabulary_size() == 2);
    CHECK_FALSE(none.padding());
    CHECK_FALSE(none.begin_of_sequence());
    CHECK(none.end_of_sequence() == 0);
    const word_tokenizer t("a<eos>", {.unknown = true});
    CHECK(t.unknown() == 3);
    const ids row = {1, 4, 3, 2, 0};
    CHECK(t.decode(row) == "a");
    CHECK(t.decode(row, reft::special_tokens::shown) == "<bos>a<unk><eos><pad>");
    CHECK(t.encode("<eos>") == ids{5, 6, 7});
    CHECK(t.decode(t.encode("<eos>")) == "<eos>");
}

TEST_CASE("word_tokenizer: with an unknown token every text can be encoded") {
    const word_tokenizer t("a é", {.unknown = true});
    CHECK(t.encode("a b é") == ids{4, 5, 3, 5, 6});
    CHECK(t.decode(t.encode("a b é")) == "a  é");
    CHECK(t.encode("bbb") == ids{3});
    CHECK(t.encode("a\xFF\xFE"
                   "a\xC3") == ids{4, 3, 3, 4, 3});
    CHECK(t.encode("\xED\xA0\x80") == ids{3, 3, 3});  // a surrogate
    CHECK(t.encode("\xC0\xAF") == ids{3, 3});         // an overlong form
}

TEST_CASE("word_tokenizer: errors name what and where") {
    const word_tokenizer t("aé b");
    CHECK(message([&] { t.encode("aé x"); }) == "word_tokenizer::encode: 'x' at byte 4 is not in the vocabulary");
    CHECK(message([&] { t.encode("a"); }) == "word_tokenizer::encode: 'a' at byte 0 is not in the vocabulary");
    CHECK(message([&] { t.encode("b b\xFF"); }) == "word_tokenizer::encode: the text is not UTF-8 at byte 3");
    CHECK(message([&] { t.encode("b\xC3"); }) == "word_tokenizer::encode: the text is not UTF-8 at byte 1");
    CHECK(message([] {
              word_tokenizer bad({"a", "ab\x80"});
          }) == "word_tokenizer: text 1 of the vocabulary is not UTF-8 at byte 2");
    CHECK(message([&] {
              t.decode(ids{3, 6});
          }) == "word_tokenizer::decode: id 6 at position 1 is not in the vocabulary of 6");
    CHECK(message([&] { t.decode(ids{-1}); }) ==
          "word_tokenizer::decode: id -1 at position 0 is not in the vocabulary of 6");
    const std::string said = message([&] { t.encode("b " + std::string(100'000, 'x')); });
    CHECK(said == "word_tokenizer::encode: '" + std::string(40, 'x') + "...' at byte 2 is not in the vocabulary");
}

TEST_CASE("word_tokenizer: what can be encoded comes back; no bytes do harm") {
    const texts known = {"Tom", "has", "apples", "naïve", "東京", "1",      "2", "７",
                         "+",   "×",   "…",      " ",     "\n",   "\u00A0", "'"};
    const word_tokenizer strict(known), lenient(known, {.unknown = true});
    const word_tokenizer runs(known, {.digit_by_digit = false, .unknown = true});
    reft::random_stream random(11);
    const std::uint64_t count = std::getenv("REFT_TEST_LONG") ? 1'000'000 : 5'000;
    std::uint64_t encoded = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        std::string text;
        for (std::uint64_t n = random.below(8); n > 0; --n) {
            const std::string& piece = known[random.below(known.size())];
            // Two words that touch are one word, which is not known: a sign in between.
            if (random.below(20) > 0)
                text += piece + (random.below(2) ? "+" : " ");
            else
                text += static_cast<char>(random.below(256));
        }
        bool is_known = true;
        try {
            const ids row = strict.encode(text);
            ++encoded;
            CHECK(strict.decode(row) == text);
            CHECK(row.size() == lenient.encode(text).size());
        } catch (const reft::value_error&) {
            is_known = false;
        }
        const ids row = lenient.encode(text);
        bool without_unknown = true;
        for (const token_id id : row) without_unknown = without_unknown && id != lenient.unknown();
        CHECK(without_unknown == is_known);
        CHECK((lenient.decode(row) == text) == is_known);
        for (const token_id id : runs.encode(text)) CHECK((id >= 0 && id < runs.vocabulary_size()));
    }
    CHECK(encoded > count / 2);
    CHECK(encoded < count);

    for (int first = 0; first < 256; ++first)  // all pairs of bytes
        for (int second = 0; second < 256; ++second) {
            const char bytes[2] = {static_cast<char>(first), static_cast<char>(second)};
            const std::string_view text(bytes, 2);
            const ids row = lenient.encode(text);
            if (row.empty() || row.size() > 2) FAIL("a pair of bytes has " << row.size() << " pieces");
        }

    std::string book;
    while (book.size() < 1'000'000) book += "Tom has 12 apples\n";
    CHECK(strict.decode(strict.encode(book)) == book);
    CHECK(lenient.encode(std::string(1'000'000, 'x')) == ids{3});
}
