#include <reft/text/answer_options.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"

using reft::listed_answer_options;
using reft::parsed_answer_options;
using texts = std::vector<std::string>;

TEST_CASE("answer_options: as MathQA writes them") {
    CHECK(parsed_answer_options("a ) 24 , b ) 120 , c ) 625 , d ) 720 , e ) 1024").texts ==
          texts{"24", "120", "625", "720", "1024"});
    CHECK(parsed_answer_options("a ) 1,108 , b ) 2,100 , c ) 15 , 42 , d ) d , e ) none of these").texts ==
          texts{"1,108", "2,100", "15 , 42", "d", "none of these"});
    CHECK(parsed_answer_options("['a ) 4920 cm 2', 'b ) 4727 cm 2']").texts == texts{"4920 cm 2", "4727 cm 2"});
    CHECK(parsed_answer_options("a ) a ) 145 , b ) b ) 141").texts == texts{"145", "141"});
    CHECK(parsed_answer_options("(A) 5\n(B) 6").texts == texts{"5", "6"});
    CHECK(parsed_answer_options("24 or 120").texts.empty());
    CHECK(parsed_answer_options("").texts.empty());
}

TEST_CASE("answer_options: a list") {
    CHECK(listed_answer_options(texts{"A)21", "B)21.5", "C)22"}).texts == texts{"21", "21.5", "22"});
    CHECK(listed_answer_options(texts{"21", "22 % , at least"}).texts == texts{"21", "22 % , at least"});
    CHECK(listed_answer_options(texts(30, "x")).texts.size() == 26);
}

TEST_CASE("answer_options: any bytes, linear in the length") {
    std::string labels;
    for (int i = 0; i < 100000; ++i) labels += "a ) ";
    CHECK(parsed_answer_options(labels).texts.size() == 1);
    CHECK(parsed_answer_options(std::string(1000000, '(')).texts.empty());
    CHECK(parsed_answer_options(std::string(1000000, ' ')).texts.empty());
    CHECK(parsed_answer_options(std::string("a)\0\xFF", 4)).texts.size() == 1);
}
