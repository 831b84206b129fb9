#include <reft/inference/answer_classes.hpp>

#include <limits>
#include <optional>
#include <vector>

#include "support/catch.hpp"

TEST_CASE("answer_classes: sorted, with the range of those that agree") {
    using reft::answer;
    const auto number = [](double value, const char* text) {
        return answer{.kind = reft::answer_kind::number, .number = value, .text = text};
    };
    const double not_a_number = std::numeric_limits<double>::quiet_NaN();
    const std::vector<std::optional<answer>> samples = {number(2, "2.0"),
                                                        number(1, "1"),
                                                        number(1.5, "1.5"),
                                                        number(2, "2"),
                                                        std::nullopt,
                                                        number(not_a_number, "nan"),
                                                        answer{.kind = reft::answer_kind::option, .text = "c"}};
    const reft::answer_classes classes(samples, 0.5);
    REQUIRE(classes.size() == 4);
    CHECK(classes.samples() == 7);
    CHECK(classes.at(0).number == 1);
    CHECK(classes.at(2).text == "2");  // the shorter of two spellings
    CHECK(classes.at(3).text == "c");
    CHECK((classes.of(0) == 2 && classes.of(3) == 2 && classes.of(1) == 0));
    CHECK((classes.of(4) == reft::answer_classes::none && classes.of(5) == reft::answer_classes::none));
    const std::vector<std::pair<std::size_t, std::size_t>> expected = {{0, 2}, {0, 3}, {1, 3}, {3, 4}};
    for (std::size_t c = 0; c < classes.size(); ++c) {
        CHECK(classes.agreeing(c).first == expected[c].first);
        CHECK(classes.agreeing(c).last == expected[c].second);
    }
}
