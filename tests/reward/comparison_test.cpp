#include <reft/reward/comparison.hpp>

#include <limits>
#include <string>
#include <utility>

#include "support/catch.hpp"

using reft::answer;
using reft::answer_kind;
using reft::within_absolute;

namespace {

answer number(double value) { return {.kind = answer_kind::number, .number = value, .text = "?"}; }
answer option(std::string text) { return {.kind = answer_kind::option, .text = std::move(text)}; }
answer words(std::string text) { return {.kind = answer_kind::text, .text = std::move(text)}; }

static_assert(reft::answer_comparison<within_absolute>);
static_assert(reft::answer_comparison<reft::same_option>);
static_assert(reft::answer_comparison<reft::same_text>);
struct without_kind {
    bool operator()(const answer&, const answer&) const { return true; }
};
static_assert(!reft::answer_comparison<without_kind>);

}  // namespace

TEST_CASE("within_absolute: the paper's tolerance") {
    const within_absolute equal;
    CHECK(equal(number(18), number(18)));
    CHECK(equal(number(145.005), number(145)));
    CHECK(equal(number(3.1316), number(3.1416)) == (3.1416 - 3.1316 <= 1e-2));
    CHECK_FALSE(equal(number(18.01), number(18)));  // 18.01 - 18 is 0.010000000000001563
    CHECK_FALSE(equal(number(17.99), number(18)));
    CHECK_FALSE(equal(number(-7), number(7)));
    CHECK(equal(number(-0.0), number(0)));
}

TEST_CASE("within_absolute: small gold answers need a smaller tolerance") {
    CHECK(within_absolute{}(number(0), number(0.002)));
    CHECK_FALSE(within_absolute{.tolerance = 1e-4}(number(0), number(0.002)));
    CHECK(within_absolute{.tolerance = 0}(number(0.002), number(0.002)));
}

TEST_CASE("within_absolute: infinities and NaN are equal to nothing") {
    const double inf = std::numeric_limits<double>::infinity();
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const double largest = std::numeric_limits<double>::max();
    for (const double tolerance : {1e-2, inf})
        for (const double a : {inf, -inf, nan})
            for (const double b : {inf, -inf, nan, 0.0}) {
                CHECK_FALSE(within_absolute{.tolerance = tolerance}(number(a), number(b)));
                CHECK_FALSE(within_absolute{.tolerance = tolerance}(number(b), number(a)));
            }
    CHECK_FALSE(within_absolute{}(number(largest), number(-largest)));
}

TEST_CASE("comparison: answers of another kind are not equal") {
    CHECK(reft::same_option{}(option("a"), option("a")));
    CHECK_FALSE(reft::same_option{}(option("a"), option("b")));
    CHECK_FALSE(reft::same_option{}(words("a"), option("a")));
    CHECK(reft::same_text{}(words("a b"), words("a b")));
    CHECK_FALSE(reft::same_text{}(words("a b"), words("a  b")));
    CHECK_FALSE(reft::same_text{}(option("a"), words("a")));
    CHECK_FALSE(within_absolute{}(words("5"), number(5)));
    CHECK_FALSE(within_absolute{}(number(5), option("5")));
}
