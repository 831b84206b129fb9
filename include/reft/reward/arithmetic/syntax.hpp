// The tree of a simple program.
#pragma once

#include <reft/reward/arithmetic/comparison.hpp>
#include <reft/reward/arithmetic/function.hpp>
#include <reft/reward/arithmetic/operation.hpp>
#include <reft/reward/arithmetic/value.hpp>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace reft::inline REFT_ABI {

namespace detail::arithmetic {

enum class expression_kind {
    constant,     // `constant`
    variable,     // `slot`
    operation,    // `op` between two operands
    negative,     // − of one
    positive,     // + of one
    opposite,     // not of one
    all,          // a and b
    any,          // a or b
    comparison,   // operands in a chain, relations[i] between the i-th and the next
    conditional,  // the second operand if the first is true, otherwise the third
    call,         // `callee` of the operands
};

struct expression {
    expression_kind kind = expression_kind::constant;
    value constant = {};
    std::size_t slot = 0;
    operation op = operation::add;
    function callee = function::abs;
    std::vector<relation> relations = {};
    std::vector<expression> operands = {};
    std::size_t depth = 1;  // of the tree: 1 plus that of the deepest operand
};

enum class statement_kind {
    assign,    // slot = first argument
    evaluate,  // the first argument, for the errors it has
    choose,    // if the first argument: body, otherwise: otherwise
    repeat,    // while the first argument: body
    count,     // for slot in range(arguments): body
    give,      // return the first argument
    leave,     // break
    go_on,     // continue
};

struct statement {
    statement_kind kind = statement_kind::evaluate;
    std::size_t slot = 0;
    std::vector<expression> arguments = {};
    std::vector<statement> body = {};
    std::vector<statement> otherwise = {};
};

/// A module without a function, or the function `solution` alone.
struct program {
    std::vector<std::string_view> variables = {};  // by slot
    std::vector<statement> body = {};
    bool is_function = false;  // whether `return` gives the result, and not the variable `ans`
};

}  // namespace detail::arithmetic

}  // namespace reft::inline REFT_ABI
