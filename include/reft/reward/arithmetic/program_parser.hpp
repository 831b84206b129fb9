// Statements of a simple program, read from tokens.
#pragma once

#include <reft/reward/arithmetic/expression_parser.hpp>
#include <reft/reward/arithmetic/scanner.hpp>
#include <reft/reward/arithmetic/syntax.hpp>

#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

namespace detail::arithmetic {

/// Reads a module of simple statements, or `def solution():` with nothing but texts around it.
class program_parser {
  public:
    static constexpr std::size_t max_blocks = 16;  // Python itself allows 20 loops inside one another

    /// `tokens` must stay.
    explicit program_parser(const std::vector<token>& tokens) : read_(tokens, program_.variables) {}

    /// The program, or nothing where there is anything unknown, be it an error or not.
    std::optional<program> parsed() {
        while (read_.take(token_kind::text)) end_of_line();
        if (read_.take("def"))
            definition();
        else
            while (!read_.failed() && read_.now().kind != token_kind::end) add_statement(program_.body);
        if (read_.failed() || read_.now().kind != token_kind::end) return std::nullopt;
        return std::move(program_);
    }

  private:
    void definition() {
        program_.is_function = true;
        for (const std::string_view spelling : {"solution", "(", ")", ":"}) read_.expect(spelling);
        program_.body = block();
        while (read_.take(token_kind::text)) end_of_line();
    }

    void end_of_line() {
        if (!read_.take(token_kind::line_end)) read_.fail();
    }

    /// What follows a colon: indented lines, or one statement on the same line.
    std::vector<statement> block() {
        std::vector<statement> body;
        if (++blocks_ > max_blocks) read_.fail();
        if (!read_.take(token_kind::line_end)) {
            add_simple(body);
        } else {
            if (!read_.take(token_kind::indent)) read_.fail();
            while (!read_.failed() && !read_.take(token_kind::dedent)) add_statement(body);
        }
        --blocks_;
        return body;
    }

    void add_statement(std::vector<statement>& body) {
        if (read_.take("if")) return body.push_back(choice());
        if (read_.take("while")) return body.push_back(loop(statement_kind::repeat));
        if (read_.take("for")) return body.push_back(loop(statement_kind::count));
        add_simple(body);
    }

    /// From behind `if` or `elif`.
    statement choice() {
        statement result;
        result.kind = statement_kind::choose;
        result.arguments.push_back(read_.conditional());
        read_.expect(":");
        result.body = block();
        if (++blocks_ > max_blocks) read_.fail();
        if (read_.take("elif")) {
            result.otherwise.push_back(choice());
        } else if (read_.take("else")) {
            read_.expect(":");
            result.otherwise = block();
        }
        --blocks_;
        return result;
    }

    /// From behind `while` or `for`.
    statement loop(statement_kind kind) {
        statement result;
        result.kind = kind;
        if (kind == statement_kind::repeat) {
            result.arguments.push_back(read_.conditional());
        } else {
            result.slot = target();
            for (const std::string_view spelling : {"in", "range", "("}) read_.expect(spelling);
            result.arguments = read_.arguments();
            if (result.arguments.empty() || result.arguments.size() > 3) read_.fail();
        }
        read_.expect(":");
        ++loops_;
        result.body = block();
        --loops_;
        return result;
    }

    /// One statement that ends its line.
    void add_simple(std::vector<statement>& body) {
        if (read_.take(token_kind::text) || read_.take("pass")) return end_of_line();
        statement result;
        if (read_.take("return")) {
            result.kind = statement_kind::give;
            result.arguments.push_back(read_.conditional());
            if (!program_.is_function) read_.fail();
        } else if (read_.is("break") || read_.is("continue")) {
            result.kind = read_.is("break") ? statement_kind::leave : statement_kind::go_on;
            read_.step();
            if (loops_ == 0) read_.fail();
        } else {
            assign_or_evaluate(result);
        }
        end_of_line();
        body.push_back(std::move(result));
    }

    void assign_or_evaluate(statement& result) {
        const token& next = read_.after_now();
        const bool assigns = next.kind == token_kind::sign && next.spelling == "=";
        const auto augmented = next.kind == token_kind::sign ? augmenting(next.spelling) : std::nullopt;
        if (!assigns && !augmented) return result.arguments.push_back(read_.conditional());
        result.kind = statement_kind::assign;
        result.slot = target();
        read_.step();
        if (assigns) return result.arguments.push_back(read_.conditional());
        expression before;
        before.kind = expression_kind::variable;
        before.slot = result.slot;
        result.arguments.push_back(read_.operated(*augmented, std::move(before), read_.conditional()));
    }

    /// The operation of an augmented assignment such as `+=`.
    static std::optional<operation> augmenting(std::string_view spelling) {
        if (spelling == "+=") return operation::add;
        if (spelling == "-=") return operation::subtract;
        if (spelling == "*=") return operation::multiply;
        if (spelling == "/=") return operation::divide;
        if (spelling == "//=") return operation::floor_divide;
        if (spelling == "%=") return operation::modulo;
        if (spelling == "**=") return operation::power;
        return std::nullopt;
    }

    /// The variable that is assigned to. A program that gives a function's name to something else is Python's.
    std::size_t target() {
        const std::string_view name = read_.now().spelling;
        if (function_named(name) || name == "range" || name == "solution") read_.fail();
        return read_.variable();
    }

    program program_;
    expression_parser read_;
    std::size_t blocks_ = 0;
    std::size_t loops_ = 0;
};

}  // namespace detail::arithmetic

}  // namespace reft::inline REFT_ABI
