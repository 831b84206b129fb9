#include <reft/core/random.hpp>
#include <reft/text/char_tokenizer.hpp>
#include <reft/text/tokenizer.hpp>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.hpp"

using reft::char_tokenizer;
using reft::token_id;
using ids = std::vector<token_id>;

namespace {

struct without_begin {
    std::int64_t vocabulary_size() const { return 1; }
    ids encode(std::string_view) const { return {}; }
    std::string decode(std::span<const token_id>) const { return {}; }
    std::optional<token_id> begin_of_sequence() const { return std::nullopt; }
    token_id end_of_sequence() const { return 0; }
};
struct without_decode {
    std::int64_t vocabulary_size() const { return 1; }
    ids encode(std::string_view) const { return {}; }
    token_id begin_of_sequence() const { return 0; }
    token_id end_of_sequence() const { return 0; }
};

static_assert(reft::tokenizer<char_tokenizer>);
static_assert(reft::tokenizer<without_begin>);
static_assert(!reft::tokenizer<without_decode>);

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

TEST_CASE("char_tokenizer: special tokens come first, then the alphabet") {
    const char_tokenizer t("ab=");
    CHECK(t.vocabulary_size() == 6);
    CHECK(t.padding() == 0);
    CHECK(t.begin_of_sequence() == 1);
    CHECK(t.end_of_sequence() == 2);
    CHECK(t.encode("b=a") == ids{4, 5, 3});
    CHECK(t.decode(ids{4, 5, 3}) == "b=a");
    CHECK(t.is_special(2));
    CHECK_FALSE(t.is_special(3));
    CHECK_FALSE(t.is_special(-1));
}

TEST_CASE("char_tokenizer: only the special tokens that are wanted") {
    const char_tokenizer t("ab", {.padding = false, .begin_of_sequence = false});
    CHECK(t.vocabulary_size() == 3);
    CHECK_FALSE(t.padding());
    CHECK_FALSE(t.begin_of_sequence());
    CHECK(t.end_of_sequence() == 0);
    CHECK(t.encode("ab") == ids{1, 2});
}

TEST_CASE("char_tokenizer: special tokens are skipped or shown, and never read from text") {
    const char_tokenizer t("ab<eos>");
    const ids row = {1, 3, 4, 2, 0};
    CHECK(t.decode(row) == "ab");
    CHECK(t.decode(row, reft::special_tokens::shown) == "<bos>ab<eos><pad>");
    CHECK(t.decode(t.encode("<eos>")) == "<eos>");
    CHECK(t.encode("<eos>").size() == 5);
}

TEST_CASE("char_tokenizer: characters are code points, repeated ones count once") {
    const char_tokenizer t("é一𝟗éa一");
    CHECK(t.vocabulary_size() == 3 + 4);
    CHECK(t.encode("a𝟗一é") == ids{6, 5, 4, 3});
    CHECK(t.decode(t.encode("a𝟗一é")) == "a𝟗一é");
}

TEST_CASE("char_tokenizer: empty text, empty alphabet") {
    CHECK(char_tokenizer("a").encode("").empty());
    CHECK(char_tokenizer("a").decode(ids{}).empty());
    CHECK(char_tokenizer("").vocabulary_size() == 3);
}

TEST_CASE("char_tokenizer: errors name what and where") {
    const char_tokenizer t("aé");
    CHECK(message([&] { t.encode("aéx"); }) == "char_tokenizer::encode: 'x' (U+0078) at byte 3 is not in the alphabet");
    CHECK(message([&] { t.encode("\U0001D7D7"); }) ==
          "char_tokenizer::encode: '\U0001D7D7' (U+1D7D7) at byte 0 is not in the alphabet");
    CHECK(message([&] { t.encode("a\xFF"); }) == "char_tokenizer::encode: the text is not UTF-8 at byte 1");
    CHECK(message([&] { t.encode("a\xC3"); }) == "char_tokenizer::encode: the text is not UTF-8 at byte 1");
    CHECK(message([] { char_tokenizer bad("ab\x80"); }) == "char_tokenizer: the alphabet is not UTF-8 at byte 2");
    CHECK(message([&] {
              t.decode(ids{3, 5});
          }) == "char_tokenizer::decode: id 5 at position 1 is not in the vocabulary of 5");
    CHECK(message([&] { t.decode(ids{-1}); }) ==
          "char_tokenizer::decode: id -1 at position 0 is not in the vocabulary of 5");
}

TEST_CASE("char_tokenizer: what can be encoded comes back") {
    const std::string alphabet = "0123456789+-=,#é一\n";
    const char_tokenizer t(alphabet);
    reft::random_stream random(11);
    const std::uint64_t texts = std::getenv("REFT_TEST_LONG") ? 1'000'000 : 2'000;
    std::uint64_t encoded = 0;
    for (std::uint64_t i = 0; i < texts; ++i) {
        std::string text(random.below(6), ' ');
        for (char& c : text)
            c = random.below(8) ? alphabet[random.below(alphabet.size())] : static_cast<char>(random.below(256));
        try {
            const ids row = t.encode(text);
            ++encoded;
            CHECK(t.decode(row) == text);
        } catch (const reft::value_error&) {  // most of the random bytes are not in the alphabet
        }
    }
    CHECK(encoded > texts / 4);
    const std::string book(1'000'000, '7');
    CHECK(t.decode(t.encode(book)) == book);
}
