// Expressions of a simple program, read from tokens.
#pragma once

#include <reft/reward/arithmetic/scanner.hpp>
#include <reft/reward/arithmetic/syntax.hpp>
#include <reft/text/number.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

namespace detail::arithmetic {

/// Words that are no variables.
constexpr bool is_keyword(std::string_view name) {
    constexpr std::string_view keywords[] = {"False",  "None",   "True",    "and",      "as",       "assert", "async",
                                             "await",  "break",  "class",   "continue", "def",      "del",    "elif",
                                             "else",   "except", "finally", "for",      "from",     "global", "if",
                                             "import", "in",     "is",      "lambda",   "nonlocal", "not",    "or",
                                             "pass",   "raise",  "return",  "try",      "while",    "with",   "yield"};
    return std::find(std::begin(keywords), std::end(keywords), name) != std::end(keywords);
}

/// The int or float of a literal; nothing for an int beyond 64 bits or with zeros in front.
inline std::optional<value> literal(std::string_view spelling) {
    std::string digits;
    for (const char c : spelling)
        if (c != '_') digits += lower(c);
    if (digits.find_first_not_of("0123456789") != std::string::npos) {
        const std::optional<double> number = unsigned_decimal(digits);
        if (!number) return std::nullopt;
        return real(*number);
    }
    std::int64_t whole = 0;
    const char* const end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, whole);
    if (read.ec != std::errc() || read.ptr != end || (digits[0] == '0' && whole != 0)) return std::nullopt;
    return integer(whole);
}

/// Reads expressions by recursive descent, in Python's order of precedence:
///
///     x if c else y,  or,  and,  not,  comparisons,  + -,  * / // %,  unary + -,  **,  call, parentheses
///
/// After something unknown `failed()` is true and nothing more is read. Trees are at most `max_depth` deep, and so is
/// the recursion of this parser and of whoever walks them.
class expression_parser {
  public:
    static constexpr std::size_t max_depth = 100;
    static constexpr std::size_t max_variables = 1000;  // they are looked up one by one

    expression_parser(const std::vector<token>& tokens, std::vector<std::string_view>& variables)
        : tokens_(tokens), variables_(variables) {}

    bool failed() const { return failed_; }

    /// The end of the tokens, from where nothing is read.
    void fail() {
        failed_ = true;
        at_ = tokens_.size() - 1;
    }

    const token& now() const { return tokens_[at_]; }
    const token& after_now() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
    void step() { at_ = std::min(at_ + 1, tokens_.size() - 1); }

    bool take(token_kind kind) {
        if (now().kind != kind) return false;
        step();
        return true;
    }
    bool is(std::string_view spelling) const {
        return (now().kind == token_kind::name || now().kind == token_kind::sign) && now().spelling == spelling;
    }
    bool take(std::string_view spelling) {
        if (!is(spelling)) return false;
        step();
        return true;
    }
    void expect(std::string_view spelling) {
        if (!take(spelling)) fail();
    }

    /// The slot of the variable whose name comes now.
    std::size_t variable() {
        const std::string_view name = now().spelling;
        if (now().kind != token_kind::name || is_keyword(name) || name.starts_with("__")) return fail(), 0;
        step();
        const auto place = std::find(variables_.begin(), variables_.end(), name);
        const auto slot = static_cast<std::size_t>(place - variables_.begin());
        if (slot == max_variables) return fail(), 0;
        if (place == variables_.end()) variables_.push_back(name);
        return slot;
    }

    expression conditional() {
        const nesting level(*this);
        if (failed_) return {};
        expression chosen = any();
        if (!take("if")) return chosen;
        expression condition = any();
        expect("else");
        expression otherwise = conditional();
        return joined(expression_kind::conditional, std::move(condition), std::move(chosen), std::move(otherwise));
    }

    /// What stands between parentheses and commas, from behind the opening one to behind the closing one.
    std::vector<expression> arguments() {
        std::vector<expression> list;
        while (!failed_ && !is(")")) {
            list.push_back(conditional());
            if (!take(",")) break;
        }
        expect(")");
        return list;
    }

    /// `op` between two operands.
    expression operated(operation op, expression a, expression b) {
        expression result = joined(expression_kind::operation, std::move(a), std::move(b));
        result.op = op;
        return result;
    }

  private:
    /// One level deeper for as long as it lives.
    struct nesting {
        explicit nesting(expression_parser& parser) : parser_(parser) {
            if (++parser_.depth_ > max_depth) parser_.fail();
        }
        ~nesting() { --parser_.depth_; }
        nesting(const nesting&) = delete;
        nesting& operator=(const nesting&) = delete;
        expression_parser& parser_;
    };

    /// An expression of that kind; fails if the tree gets too deep.
    expression joined_list(expression_kind kind, std::vector<expression> operands) {
        expression result;
        result.kind = kind;
        for (const expression& operand : operands) result.depth = std::max(result.depth, operand.depth + 1);
        result.operands = std::move(operands);
        if (result.depth > max_depth) fail();
        return result;
    }
    template <class... Expressions>
    expression joined(expression_kind kind, Expressions... operands) {
        std::vector<expression> list;
        (list.push_back(std::move(operands)), ...);
        return joined_list(kind, std::move(list));
    }

    expression any() {
        expression left = all();
        while (take("or")) left = joined(expression_kind::any, std::move(left), all());
        return left;
    }

    expression all() {
        expression left = opposite();
        while (take("and")) left = joined(expression_kind::all, std::move(left), opposite());
        return left;
    }

    expression opposite() {
        const nesting level(*this);
        if (take("not")) return joined(expression_kind::opposite, opposite());
        return comparison();
    }

    std::optional<relation> taken_relation() {
        if (take("<")) return relation::less;
        if (take("<=")) return relation::at_most;
        if (take(">")) return relation::greater;
        if (take(">=")) return relation::at_least;
        if (take("==")) return relation::equal;
        if (take("!=")) return relation::unequal;
        return std::nullopt;
    }

    expression comparison() {
        std::vector<expression> operands;
        std::vector<relation> relations;
        operands.push_back(sum());
        while (const auto next = taken_relation()) {
            relations.push_back(*next);
            operands.push_back(sum());
        }
        if (relations.empty()) return std::move(operands.front());
        expression chain = joined_list(expression_kind::comparison, std::move(operands));
        chain.relations = std::move(relations);
        return chain;
    }

    expression sum() {
        expression left = product();
        while (true) {
            if (take("+"))
                left = operated(operation::add, std::move(left), product());
            else if (take("-"))
                left = operated(operation::subtract, std::move(left), product());
            else
                return left;
        }
    }

    expression product() {
        expression left = signed_power();
        while (true) {
            if (take("*"))
                left = operated(operation::multiply, std::move(left), signed_power());
            else if (take("/"))
                left = operated(operation::divide, std::move(left), signed_power());
            else if (take("//"))
                left = operated(operation::floor_divide, std::move(left), signed_power());
            else if (take("%"))
                left = operated(operation::modulo, std::move(left), signed_power());
            else
                return left;
        }
    }

    expression signed_power() {
        const nesting level(*this);
        if (failed_) return {};
        if (take("-")) return joined(expression_kind::negative, signed_power());
        if (take("+")) return joined(expression_kind::positive, signed_power());
        expression base = primary();
        if (!take("**")) return base;
        return operated(operation::power, std::move(base), signed_power());
    }

    expression primary() {
        expression result;
        if (now().kind == token_kind::number) return constant(literal(now().spelling));
        if (is("True") || is("False")) return constant(boolean(is("True")));
        if (take("(")) {
            result = conditional();
            expect(")");
            return result;
        }
        if (after_now().kind == token_kind::sign && after_now().spelling == "(") return call();
        result.kind = expression_kind::variable;
        result.slot = variable();
        return result;
    }

    expression constant(const std::optional<value>& known) {
        if (!known) return fail(), expression{};
        step();
        expression result;
        result.constant = *known;
        return result;
    }

    expression call() {
        const auto callee = now().kind == token_kind::name ? function_named(now().spelling) : std::nullopt;
        if (!callee) return fail(), expression{};
        step();
        step();
        expression result = joined_list(expression_kind::call, arguments());
        result.callee = *callee;
        return result;
    }

    const std::vector<token>& tokens_;
    std::vector<std::string_view>& variables_;
    std::size_t at_ = 0;
    std::size_t depth_ = 0;
    bool failed_ = false;
};

}  // namespace detail::arithmetic

}  // namespace reft::inline REFT_ABI
