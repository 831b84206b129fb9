#include <reft/testing/checklist.hpp>
#include <reft/testing/report.hpp>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

#include "support/catch.hpp"

using namespace reft;

TEST_CASE("a report is a table, with the place and the usual cause under what failed") {
    check_report report;
    report.checks = {{.name = "sums", .measured = 2.5e-16, .limit = 1e-9},
                     {.name = "gradient",
                      .outcome = check_outcome::failed,
                      .measured = 0.5,
                      .limit = 1e-6,
                      .detail = "At token 3.",
                      .usual_cause = "the sign."},
                     {.name = "saving", .outcome = check_outcome::left_out, .detail = "The policy is not savable."}};
    CHECK(report.text() ==
          "                      measured   limit\n"
          "  held      sums      2.5e-16    1e-09\n"
          "  FAILED    gradient  0.5        1e-06\n"
          "            At token 3.\n"
          "            Usually: the sign.\n"
          "  left out  saving\n"
          "            The policy is not savable.\n"
          "3 checks: 1 held, 1 failed, 1 left out\n");
}

TEST_CASE("long sentences are broken between words, and no line is longer than a hundred columns") {
    check_report report;
    std::string sentence;
    for (int i = 0; i < 60; ++i) sentence += "word" + std::to_string(i) + " ";
    report.checks = {{.name = "a", .outcome = check_outcome::failed, .detail = sentence}};
    const std::string text = report.text();
    std::size_t begin = 0, lines = 0, words = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos; begin = end + 1, end = text.find('\n', begin)) {
        CHECK(end - begin <= 100);
        ++lines;
    }
    for (std::size_t at = text.find("word"); at != std::string::npos; at = text.find("word", at + 1)) ++words;
    CHECK(lines > 6);
    CHECK(words == 60);
}

TEST_CASE("a report passes if something held and nothing failed") {
    check_report report;
    CHECK_FALSE(report.passed());
    report.checks.push_back({.name = "a", .outcome = check_outcome::left_out});
    CHECK_FALSE(report.passed());
    report.checks.push_back({.name = "b"});
    CHECK(report.passed());
    report.checks.push_back({.name = "c", .outcome = check_outcome::failed});
    CHECK_FALSE(report.passed());
}

TEST_CASE("a figure above its limit fails, and so do NaN and an exception") {
    detail::checklist list;
    const auto found = [](double x) { return detail::finding{x, "here"}; };
    CHECK(list.run("at the limit", 1, "cause", [&] { return found(1); }));
    CHECK(list.run("above", 1, "cause", [&] { return found(1.5); }));
    CHECK(list.run("not a number", 1, "cause", [&] { return found(std::nan("")); }));
    CHECK_FALSE(list.run("throws", 1, "cause", [&]() -> detail::finding { throw std::runtime_error("why"); }));
    CHECK_FALSE(list.run("throws a number", 1, "cause", [&]() -> detail::finding { throw 3; }));
    CHECK(list.run("left out", 1, "cause", [&] { return detail::nothing_measured("no values"); }));
    const auto& checks = list.report().checks;
    REQUIRE(checks.size() == 6);
    CHECK(checks[0].outcome == check_outcome::held);
    CHECK(checks[0].detail.empty());
    for (std::size_t i = 1; i < 5; ++i) CHECK(checks[i].outcome == check_outcome::failed);
    CHECK((checks[1].detail == "here" && checks[1].usual_cause == "cause"));
    CHECK(checks[3].detail == "An exception came out of it: why");
    CHECK((checks[5].outcome == check_outcome::left_out && checks[5].detail == "no values"));
}

TEST_CASE("the largest of several findings is kept, and NaN is the largest") {
    detail::largest_finding largest;
    largest.note(1, [] { return "one"; });
    largest.note(3, [] { return "three"; });
    largest.note(2, [] { return "two"; });
    CHECK((largest.result().measured == 3 && largest.result().where == "three"));
    largest.note(std::nan(""), [] { return "nan"; });
    largest.note(std::numeric_limits<double>::infinity(), [] { return "infinity"; });
    CHECK((std::isnan(largest.result().measured) && largest.result().where == "nan"));
}
