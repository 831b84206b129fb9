#include <reft/core/random.hpp>
#include <reft/text/number.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using reft::python_float;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

std::string utf8(char32_t c) {
    if (c < 0x80) return {static_cast<char>(c)};
    const auto next = [&](unsigned shift) { return static_cast<char>(0x80u | ((c >> shift) & 0x3Fu)); };
    if (c < 0x800) return {static_cast<char>(0xC0u | (c >> 6)), next(0)};
    if (c < 0x10000) return {static_cast<char>(0xE0u | (c >> 12)), next(6), next(0)};
    return {static_cast<char>(0xF0u | (c >> 18)), next(12), next(6), next(0)};
}

std::uint64_t random_texts() { return std::getenv("REFT_TEST_LONG") ? 1'000'000 : 2'000; }

}  // namespace

// The values in these tables are what python3.11 printed for float(text).
TEST_CASE("python_float: numbers") {
    const std::vector<std::pair<std::string, double>> table = {
        {"18", 18},      {"-7", -7},    {"+7", 7},           {"7.0", 7},           {"12.", 12},       {".5", 0.5},
        {"00012", 12},   {"-.5e1", -5}, {" 42 \n", 42},      {"\t1\v\f\r", 1},     {"1e3", 1000},     {"1E+3", 1000},
        {"1e-3", 0.001}, {"1e05", 1e5}, {"1_000", 1000},     {"1_0.0_1", 10.01},   {"1e1_0", 1e10},   {"0_0", 0},
        {"0.1", 0.1},    {"inf", inf},  {"-Infinity", -inf}, {"+INF", inf},        {"iNfInItY", inf}, {"１２.５", 12.5},
        {"٣", 3},        {"1_٣", 13},   {"𝟗e𝟐", 900},        {"\u00A05\u3000", 5}, {"\u00855", 5}};
    for (const auto& [text, value] : table) {
        CAPTURE(text);
        REQUIRE(python_float(text));
        CHECK(*python_float(text) == value);
    }
    for (const std::string text : {"nan", "NaN", "+nan", "-nan", " nAn "}) {
        CAPTURE(text);
        REQUIRE(python_float(text));
        CHECK(std::isnan(*python_float(text)));
    }
    CHECK(std::signbit(*python_float("-0")));
    CHECK(std::signbit(*python_float("-nan")));
}

TEST_CASE("python_float: what is no number") {
    const std::string nul(1, '\0');
    const std::vector<std::string> table = {"",
                                            " ",
                                            ".",
                                            "-",
                                            "+",
                                            "e5",
                                            ".e5",
                                            "1e",
                                            "1e+",
                                            "1,000",
                                            "$5",
                                            "5%",
                                            "1/2",
                                            "5 apples",
                                            "1 2",
                                            "--1",
                                            "+-1",
                                            "1.2.3",
                                            "0x10",
                                            "1_",
                                            "_1",
                                            "1__0",
                                            "1_.5",
                                            "1._5",
                                            "1_e5",
                                            "1e_5",
                                            "+_1",
                                            "i_nf",
                                            "inf_",
                                            "in",
                                            "infinit",
                                            "nan(1)",
                                            "nanx",
                                            "true",
                                            "None",
                                            "−5",
                                            "½",
                                            "１２．５",
                                            "²",
                                            "Ⅻ",
                                            "一",
                                            "\0345",
                                            "5\x1f",
                                            "1" + nul,
                                            nul + "1",
                                            nul,
                                            "1\xC2\xA0\xFF"};
    for (const std::string& text : table) {
        CAPTURE(text);
        CHECK_FALSE(python_float(text));
    }
}

TEST_CASE("python_float: bytes that are not UTF-8") {
    // cut sequence, lone continuation, overlong space, surrogate, above U+10FFFF
    for (const std::string bad : {"\xC2", "\xE3\x80", "\xF0\x9D\x9F", "\x80", "\xC0\xA0", "\xE0\x80\xA0",
                                  "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "\xF0\x80\x80\xB1"}) {
        CAPTURE(bad);
        CHECK_FALSE(python_float(bad));
        CHECK_FALSE(python_float(bad + "1"));
        CHECK_FALSE(python_float("1" + bad));
        CHECK(reft::detail::stripped(" " + bad + " ") == bad);
    }
}

TEST_CASE("python_float: the ends of the range") {
    const std::vector<std::pair<std::string, double>> table = {
        {"1e400", inf},
        {"-1e400", -inf},
        {"1e-400", 0},
        {"1e99999999999999999999999", inf},
        {"1e-99999999999999999999999", 0},
        {"0e99999999999999999999999", 0},
        {"0.0", 0},
        {"1.7976931348623157e308", std::numeric_limits<double>::max()},
        {"1.7976931348623158e308", std::numeric_limits<double>::max()},
        {"1.7976931348623159e308", inf},
        {"2.2250738585072014e-308", std::numeric_limits<double>::min()},
        {"2.2250738585072011e-308", 0x1.ffffffffffffep-1023},
        {"4.9e-324", std::numeric_limits<double>::denorm_min()},
        {"1e-310", 1e-310},
        {"2.4703282292062328e-324", std::numeric_limits<double>::denorm_min()},
        {"2.4703282292062327e-324", 0},
        {"9007199254740993", 9007199254740992.0},
        {"9007199254740993.0000000000000000000000001", 9007199254740994.0}};
    for (const auto& [text, value] : table) {
        CAPTURE(text);
        REQUIRE(python_float(text));
        CHECK(*python_float(text) == value);
    }
    CHECK(std::signbit(*python_float("-1e-400")));
    const std::string zeros(400, '0');
    CHECK(*python_float("0." + zeros + "1e401") == 1.0);
    CHECK(*python_float("1" + zeros + "e-400") == 1.0);
    CHECK(*python_float("1" + zeros) == inf);
    CHECK(*python_float("0." + zeros + "1") == 0.0);
}

TEST_CASE("python_float: decimal digits of every script") {
    // First and last digit of each block, and its neighbours, which are no digits unless a block follows.
    int blocks = 0;
    for (const char32_t zero : reft::detail::decimal_zeros) {
        CAPTURE(static_cast<std::uint32_t>(zero));
        for (char32_t digit = 0; digit < 10; ++digit)
            CHECK(python_float("1" + utf8(zero + digit) + ".5") == 10.5 + static_cast<double>(digit));
        ++blocks;
    }
    CHECK(blocks == 66);
    for (const char32_t c : {0x065Fu, 0x066Au, 0xFF0Fu, 0xFF1Au, 0x1D7CDu, 0x1D800u, 0x1FBEFu, 0x1FBFAu, 0x10FFFFu}) {
        CAPTURE(static_cast<std::uint32_t>(c));
        CHECK_FALSE(python_float("1" + utf8(c)));
    }
}

TEST_CASE("python_float: white space of float() and of strip()") {
    int spaces = 0;
    for (char32_t c = 0; c < 0x3100; ++c) {
        const std::string text = utf8(c) + "5" + utf8(c);
        CAPTURE(static_cast<std::uint32_t>(c));
        const bool separator = c >= 0x1C && c <= 0x1F;
        const bool stripped = reft::detail::stripped(text) == "5";
        spaces += stripped;
        if (stripped) CHECK(python_float(text).has_value() == !separator);
    }
    CHECK(spaces == 29);
}

TEST_CASE("python_float: any bytes") {
    reft::random_stream random(7);
    const std::string pieces = "0159._eE+-infaNt \t\n\xC2\xA0\xE3\x80\xEF\xBC\x91\xF0\x9D\x9F\x8E\xFF\x80";
    for (std::uint64_t i = 0; i < random_texts(); ++i) {
        std::string text(random.below(12), ' ');
        for (char& c : text)
            c = random.below(4) ? pieces[random.below(pieces.size())] : static_cast<char>(random.below(256));
        const std::optional<double> value = python_float(text);
        if (value && std::isfinite(*value)) {  // sign and space around a number change nothing but the sign
            CHECK(python_float(" " + text + "\n") == value);
            if (text.find_first_of("+-") == std::string::npos && text.find_first_not_of(" \t\n\v\f\r\xC2\xE3") == 0)
                CHECK(python_float("-" + text) == -*value);
        }
    }
}

TEST_CASE("python_float: megabytes in linear time") {
    const std::size_t size = 1'000'000;
    const auto start = std::chrono::steady_clock::now();
    CHECK(*python_float("0." + std::string(size, '3')) == 1.0 / 3.0);
    CHECK(*python_float(std::string(size, '9')) == inf);
    CHECK(*python_float(std::string(size, '0') + "5") == 5);
    CHECK(*python_float(std::string(size, ' ') + "5" + std::string(size, '\n')) == 5);
    CHECK(*python_float("1e-" + std::string(size, '9')) == 0);
    CHECK_FALSE(python_float(std::string(size, '_')));
    CHECK_FALSE(python_float(std::string(size, '\xE3')));
    CHECK_FALSE(python_float(std::string(size, ' ')));
    CHECK_FALSE(python_float(std::string(size, '1') + "x"));
    // Far above what it takes (tens of milliseconds), far below what a quadratic pass would.
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}
