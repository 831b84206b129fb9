#include <reft/reward/arithmetic_program.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using reft::arithmetic_program;

namespace {

/// The text of what the expression gives, or "-" where Python is asked.
std::string result_of(const std::string& source) {
    const auto result = arithmetic_program(source);
    return result ? result->found.value().text : "-";
}
std::string value_of(const std::string& expression) { return result_of("ans = " + expression); }

std::string repeated(const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

using table = std::vector<std::pair<std::string, std::string>>;

void check(const table& rows, std::string (*evaluate)(const std::string&)) {
    for (const auto& [source, expected] : rows) {
        CAPTURE(source);
        CHECK(evaluate(source) == expected);
    }
}

}  // namespace

TEST_CASE("arithmetic_program: a function with a docstring") {
    const auto result = arithmetic_program(
        "def solution():\n"
        "    \"\"\"How many pairs\n  are there ?\"\"\"\n"
        "    num_species = 29  # birds\n"
        "\n"
        "    result = num_species * 7\n"
        "    return result\n\n\n");
    REQUIRE(result);
    REQUIRE(result->found);
    CHECK(result->found->kind == reft::answer_kind::number);
    CHECK(result->found->number == 203);
    CHECK(result->found->text == "203");
}

// The second column of these tables is what python3.11 printed.
TEST_CASE("arithmetic_program: operators") {
    check({{"7 // 2", "3"},
           {"-7 // 2", "-4"},
           {"7 // -2", "-4"},
           {"-7 % 3", "2"},
           {"7 % -3", "-2"},
           {"-7.5 % 2", "0.5"},
           {"7.5 // -2", "-4.0"},
           {"-0.0 // 1", "-0.0"},
           {"6 / 3", "2.0"},
           {"1 / 3", "0.3333333333333333"},
           {"-2**2", "-4"},
           {"(-2)**2", "4"},
           {"2**-1", "0.5"},
           {"2**3**2", "512"},
           {"2**0.5", "1.4142135623730951"},
           {"0**0", "1"},
           {"1 - 0.9", "0.09999999999999998"},
           {"3 - 2 - 1", "0"},
           {"2 * 3 + 4", "10"},
           {"--3", "3"},
           {"+True", "1"},
           {"True + True", "2"},
           {"1_000 + 1", "1001"},
           {"1e3", "1000.0"},
           {".5 + 5.", "5.5"},
           {"00", "0"},
           {"9223372036854775807", "9223372036854775807"},
           {"-9223372036854775807 - 1", "-9223372036854775808"}},
          value_of);
}

TEST_CASE("arithmetic_program: comparisons and logic") {
    check({{"1 if 1 < 2 < 3 else 0", "1"},
           {"1 if 1 < 3 < 2 else 0", "0"},
           {"1 if 1 == 1.0 == True else 0", "1"},
           {"1 if 2 > 1 > 1 / 0 else 0", "-"},
           {"1 if 2 > 3 > 1 / 0 else 0", "0"},
           {"0 or 5", "5"},
           {"3 and 0.0", "0.0"},
           {"3 or 1 / 0", "3"},
           {"1 if not 0 and 2 else 3", "1"},
           {"1 if 0 else 2 if 0 else 3", "3"}},
          value_of);
}

TEST_CASE("arithmetic_program: functions") {
    check({{"int(-7.9)", "-7"},  {"float(3)", "3.0"},        {"abs(-3)", "3"},           {"abs(-0.5)", "0.5"},
           {"round(2.5)", "2"},  {"round(3.5)", "4"},        {"round(-2.5)", "-2"},      {"round(2.675, 2)", "2.67"},
           {"round(7, 2)", "7"}, {"round(0.5, 0)", "0.0"},   {"round(-0.4, 0)", "-0.0"}, {"min(3, 2.0)", "2.0"},
           {"max(1, 1.0)", "1"}, {"max(1.0, 1,)", "1.0"},    {"int(True)", "1"},         {"max(3)", "-"},
           {"int()", "-"},       {"round(1.5, 1.0)", "-"},   {"round(15, -1)", "-"},     {"int(1e30)", "-"},
           {"float('3')", "-"},  {"max(1, 2, key=abs)", "-"}},
          value_of);
}

TEST_CASE("arithmetic_program: the spelling is Python's repr") {
    check({{"5 / 1", "5.0"},
           {"1e16", "1e+16"},
           {"1e15", "1000000000000000.0"},
           {"9007199254740994.0", "9007199254740994.0"},
           {"0.0001", "0.0001"},
           {"0.00001", "1e-05"},
           {"2.0**-44", "5.684341886080802e-14"},
           {"1.5e300", "1.5e+300"},
           {"5e-324", "5e-324"},
           {"-0.0", "-0.0"},
           {"123456789.125", "123456789.125"}},
          value_of);
}

TEST_CASE("arithmetic_program: statements") {
    check({{"n = 0\nfor i in range(5):\n  n += i\nans = n", "10"},
           {"n = 0\nfor i in range(10, 0, -3): n += i\nans = n * 10 + i", "221"},
           {"for i in range(0): pass\nans = i", "-"},
           {"n = 10\nwhile n > 3:\n  n -= 1\n  if n == 5:\n    break\n  else:\n    continue\nans = n", "5"},
           {"x = 2\nif x == 1:\n  ans = 1\nelif x == 2:\n  ans = 2\nelse:\n  ans = 3\n", "2"},
           {"x = 7\nx //= 2\nx **= 2\nx %= 5\nx *= 3\nx /= 4\nans = x", "3.0"},
           {"ans = (1 +\n   2  # two\n   + 3)\n", "6"},
           {"def solution():\n    if True: return 1\n    return 2", "1"},
           {"def solution(): return 4", "4"},
           {"\"\"\"a text\"\"\"\nans = 1", "1"},
           {"ans = 1\n    # far out\n  ", "1"}},
          result_of);
}

TEST_CASE("arithmetic_program: what is Python's") {
    check({{"", "-"},
           {"x = 1", "-"},
           {"def solution():\n    pass", "-"},
           {"def solution():\n    return", "-"},
           {"def solution():\n    return None", "-"},
           {"def solution():\n    return 1\nprint(solution())", "-"},
           {"def solution():\n    return 1\nans = 2", "-"},
           {"def solution(n):\n    return n", "-"},
           {"def other():\n    return 1", "-"},
           {"def solution():\n    if 0:\n        x = 1\n    return x", "-"},
           {"def solution():\n    return 1 > 0", "-"},
           {"import math\nans = 1", "-"},
           {"ans = 1; x = 2", "-"},
           {"ans = 1 \\\n + 2", "-"},
           {"x, ans = 1, 2", "-"},
           {"ans = [1]", "-"},
           {"ans = '1'", "-"},
           {"max = 3\nans = max(1, 2)", "-"},
           {"ans = max", "-"},
           {"return 1", "-"},
           {"break\nans = 1", "-"},
           {"if 1:\nans = 1", "-"},
           {"if 1:\n    ans = 1\n  ans = 2", "-"},
           {"  ans = 1", "-"},
           {"if 1:\n\tans = 1", "-"},
           {" \tans = 1", "-"},
           {"ans = 1\r\n", "-"},
           {"# coding: latin-1\nans = 1", "-"},
           {"ans = 007", "-"},
           {"ans = 0x10", "-"},
           {"ans = 1__0", "-"},
           {"ans = 1_", "-"},
           {"ans = 1if 1 else 2", "-"},
           {"ans = 2j", "-"},
           {"ans = 1 == not 2", "-"},
           {"ans = (1", "-"},
           {"ans = 1)", "-"},
           {"ans = 1 2", "-"},
           {"ans = \"a\" 1", "-"},
           {"\xC3\xA4 = 1\nans = 1", "-"},
           {"\xFF", "-"},
           {std::string("ans = 1\0", 8), "-"}},
          result_of);
}

TEST_CASE("arithmetic_program: errors and numbers beyond its own are Python's") {
    check({{"1 / 0", "-"},
           {"1 % 0", "-"},
           {"1.0 // 0", "-"},
           {"0.0 ** -1", "-"},
           {"(-8) ** 0.5", "-"},
           {"10.0 ** 400", "-"},
           {"1e400", "-"},
           {"1e400 - 1e400", "-"},
           {"9223372036854775807 + 1", "-"},
           {"9223372036854775808", "-"},
           {"3037000500 * 3037000500", "-"},
           {"2 ** 63", "-"},
           {"10 ** 10 ** 10", "-"},
           {"9007199254740993 / 1", "-"},
           {"1 if 9007199254740993 == 9007199254740992.0 else 0", "-"},
           {"missing", "-"}},
          value_of);
}

TEST_CASE("arithmetic_program: endless loops and deep trees end") {
    CHECK(result_of("ans = 1\nwhile True: ans = 1 - ans") == "-");
    CHECK(result_of("for i in range(4000000000): ans = i") == "-");
    CHECK(result_of("while True: pass") == "-");
    CHECK(value_of(repeated("(", 20) + "1" + repeated(")", 20)) == "1");
    CHECK(value_of(repeated("(", 5000) + "1" + repeated(")", 5000)) == "-");
    CHECK(value_of(repeated("-", 20'000) + "1") == "-");
    CHECK(value_of(repeated("not ", 10'000) + "1") == "-");
    CHECK(value_of("1" + repeated("+1", 50)) == "51");
    CHECK(value_of("1" + repeated("+1", 20'000)) == "-");
    CHECK(value_of("2" + repeated("**1", 20'000)) == "-");
    CHECK(value_of(repeated("1 if 1 else ", 5000) + "2") == "-");
    CHECK(result_of("if 0: ans = 1\n" + repeated("elif 0: ans = 1\n", 3000)) == "-");
    CHECK(result_of(repeated("\n", 70'000) + "ans = 1") == "-");
    std::string blocks;
    for (std::string indent; indent.size() < 100; indent += ' ') blocks += indent + "if 1:\n";
    CHECK(result_of(blocks + repeated(" ", 100) + "ans = 1") == "-");
}
