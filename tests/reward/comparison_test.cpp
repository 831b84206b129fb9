#include <reft/reward/comparison.hpp>

#include <cmath>
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

namespace {

answer said(std::string text, double value, reft::answer_form form = reft::answer_form::integer) {
    return {.kind = answer_kind::number, .number = value, .text = std::move(text), .form = form};
}

static_assert(reft::answer_comparison<reft::strict_number>);
static_assert(reft::answer_comparison<reft::to_given_places>);
static_assert(reft::answer_comparison<reft::normalised_text>);

}  // namespace

TEST_CASE("strict_number: integers exactly, at any length") {
    const reft::strict_number equal;
    const std::string digits = "1234567890123456789012345678901234567890";
    CHECK(equal(said(digits, 1.2345678901234568e39), said(digits, 1.2345678901234568e39)));
    CHECK_FALSE(equal(said(digits, 1.2345678901234568e39),
                      said("1234567890123456789012345678901234567891", 1.2345678901234568e39)));
    CHECK(equal(said("20.0", 20), said("20", 20)));
    CHECK(equal(said("-0.0", -0.0), said("0", 0)));
    CHECK(equal(said("12%", 12), said("12", 12)));
    CHECK_FALSE(equal(said("0", 0), said("0.002", 0.002)));
    CHECK_FALSE(equal(said("8.99955", 8.99955), said("9.0", 9)));
}

TEST_CASE("strict_number: others up to rounding") {
    const reft::strict_number equal;
    CHECK(equal(said("5/12", 5.0 / 12), said("0.4166666666666667", 0.4166666666666667)));
    CHECK(equal(said("5.000000000000002", 5.000000000000002), said("5", 5)));
    CHECK(equal(said("1/2", 0.5), said("7/14", 7.0 / 14)));
    CHECK_FALSE(equal(said("0.333", 0.333), said("1/3", 1.0 / 3)));
    const double inf = std::numeric_limits<double>::infinity();
    CHECK_FALSE(equal(said("inf", inf), said("inf", inf)));
    CHECK_FALSE(equal(said("nan", std::nan("")), said("nan", std::nan(""))));
    CHECK_FALSE(equal(words("5"), said("5", 5)));
}

TEST_CASE("to_given_places: half a unit of the last place of the gold answer") {
    const reft::to_given_places equal;
    CHECK(equal(said("69.35", 69.35), said("69.4", 69.4)));
    CHECK(equal(said("69.45", 69.45), said("69.4", 69.4)));
    CHECK_FALSE(equal(said("69.32", 69.32), said("69.4", 69.4)));
    CHECK_FALSE(equal(said("0", 0), said("0.002", 0.002)));
    CHECK_FALSE(equal(said("17.8", 17.8), said("18", 18)));
    CHECK(reft::to_given_places{.integers_exact = false}(said("17.8", 17.8), said("18", 18)));
    CHECK_FALSE(equal(said("0.3", 0.3), said("1/3", 1.0 / 3)));
}

TEST_CASE("percent_as_share: on request only") {
    using reft::answer_form;
    const answer six = reft::percent_as_share(said("6%", 6, answer_form::percent));
    CHECK(six.number == 0.06);
    CHECK(six.text == "6e-2");
    CHECK(six.form == answer_form::scientific);
    CHECK(reft::percent_as_share(said("1/5%", 0.2, answer_form::percent)).text == "1/500");
    CHECK(reft::percent_as_share(said("6", 6)).number == 6);
}

TEST_CASE("normalised_text: case, white space, quotation marks and the last full stop do not count") {
    const reft::normalised_text equal;
    CHECK(equal(words("None of  these."), words("none of these")));
    CHECK(equal(words("\"Monday\""), words(" monday ")));
    CHECK_FALSE(equal(words("noneof these"), words("none of these")));
    CHECK_FALSE(equal(option("a"), words("a")));
}
