#include <reft/text/mathqa_options.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"

using list = std::vector<std::string>;

TEST_CASE("mathqa_options: the spellings of the files") {
    CHECK(reft::mathqa_options("a ) 24 , b ) 120 , c ) 625 , d ) 720 , e ) 1024") ==
          list{"24", "120", "625", "720", "1024"});
    CHECK(reft::mathqa_options("['a ) 13 1 / 2', 'b ) 20', 'c ) 18 3 / 4']") == list{"13 1 / 2", "20", "18 3 / 4"});
    CHECK(reft::mathqa_options("[\"a ) it's\", 'b ) 2']") == list{"it's", "2"});
    CHECK(reft::mathqa_options("['a ) a ) 4 inches', 'b ) b ) 6 inches']") == list{"4 inches", "6 inches"});
    CHECK(reft::mathqa_options("A)24,B)120") == list{"24", "120"});
}

TEST_CASE("mathqa_options: commas, letters and nothing within options") {
    CHECK(reft::mathqa_options("a ) 1 , 000 , b ) b , c ) d ) d") == list{"1 , 000", "b", "d ) d"});
    CHECK(reft::mathqa_options("a )  , b )  , c ) x") == list{"", "", "x"});
    CHECK(reft::mathqa_options("a ) 1 b ) 2 , b ) 3") == list{"1 b ) 2", "3"});
}

TEST_CASE("mathqa_options: what is no list of options") {
    for (const std::string text : {"", "[", "[]", "[']", "a", "a )", "a ) 1", "b ) 1 , c ) 2", "1 , 2 , 3", ", b ) 2",
                                   "a ) 1 , c ) 2", "\xFF\xFE", "['', '']"}) {
        CAPTURE(text);
        CHECK_FALSE(reft::mathqa_options(text));
    }
}

TEST_CASE("mathqa_options: hostile texts take linear time") {
    for (const char c : {' ', ',', ')', '\'', '[', 'b', '\xC2'}) {
        const std::string flood(2'000'000, c);
        CHECK_FALSE(reft::mathqa_options(flood));
        CHECK(reft::mathqa_options("a ) 1 , b ) " + flood)->size() == 2);
        CHECK(reft::mathqa_options("a ) " + flood + " , b ) 2")->size() == 2);
    }
    std::string pairs = "a ) ";
    for (int i = 0; i < 500'000; ++i) pairs += ", a )";
    CHECK_FALSE(reft::mathqa_options(pairs));
}
