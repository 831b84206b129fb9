// Runs the tree of a simple program.
#pragma once

#include <reft/reward/arithmetic/comparison.hpp>
#include <reft/reward/arithmetic/function.hpp>
#include <reft/reward/arithmetic/operation.hpp>
#include <reft/reward/arithmetic/syntax.hpp>
#include <reft/reward/arithmetic/value.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

namespace reft::inline REFT_ABI {

namespace detail::arithmetic {

/// Where a statement goes on.
enum class flow {
    next,    // behind it
    leave,   // behind the loop around it
    go_on,   // at the next round of that loop
    given,   // nowhere: the function has returned
    failed,  // nowhere: Python raises, or has values that are not here
};

/// One run of a program. Every expression and statement is a step.
class interpreter {
  public:
    interpreter(const program& whole, std::int64_t max_steps)
        : program_(whole), variables_(whole.variables.size()), steps_left_(max_steps) {}

    /// What `solution` returns, or the value of `ans`.
    std::optional<value> result() {
        const flow end = run(program_.body);
        if (program_.is_function) return end == flow::given ? given_ : std::nullopt;
        if (end != flow::next) return std::nullopt;
        for (std::size_t slot = 0; slot < variables_.size(); ++slot)
            if (program_.variables[slot] == "ans") return variables_[slot];
        return std::nullopt;
    }

  private:
    flow run(const std::vector<statement>& body) {
        for (const statement& s : body) {
            if (steps_left_-- <= 0) return flow::failed;
            const flow end = run(s);
            if (end != flow::next) return end;
        }
        return flow::next;
    }

    flow run(const statement& s) {
        switch (s.kind) {
            case statement_kind::leave: return flow::leave;
            case statement_kind::go_on: return flow::go_on;
            case statement_kind::repeat: return repeat(s);
            case statement_kind::count: return count(s);
            default: break;
        }
        const std::optional<value> first = valued(s.arguments[0]);
        if (!first) return flow::failed;
        if (s.kind == statement_kind::choose) return run(is_true(*first) ? s.body : s.otherwise);
        if (s.kind == statement_kind::assign) variables_[s.slot] = first;
        if (s.kind != statement_kind::give) return flow::next;
        given_ = first;
        return flow::given;
    }

    flow repeat(const statement& s) {
        while (true) {
            const std::optional<value> goes_on = valued(s.arguments[0]);
            if (!goes_on) return flow::failed;
            if (!is_true(*goes_on)) return flow::next;
            const flow end = run(s.body);
            if (end == flow::leave) return flow::next;
            if (end == flow::given || end == flow::failed) return end;
        }
    }

    flow count(const statement& s) {
        std::int64_t bounds[3] = {0, 0, 1};                                         // start, stop, step
        constexpr std::int64_t far = std::numeric_limits<std::int64_t>::max() / 2;  // so that a step beyond stop fits
        for (std::size_t i = 0; i < s.arguments.size(); ++i) {
            const std::optional<value> bound = valued(s.arguments[i]);
            if (!bound || is_real(*bound) || bound->whole > far || bound->whole < -far) return flow::failed;
            bounds[s.arguments.size() == 1 ? 1 : i] = bound->whole;
        }
        const auto [start, stop, step] = bounds;
        if (step == 0) return flow::failed;
        for (std::int64_t i = start; step > 0 ? i < stop : i > stop; i += step) {
            if (steps_left_-- <= 0) return flow::failed;
            variables_[s.slot] = integer(i);
            const flow end = run(s.body);
            if (end == flow::leave) return flow::next;
            if (end == flow::given || end == flow::failed) return end;
        }
        return flow::next;
    }

    std::optional<value> valued(const expression& e) {
        if (steps_left_-- <= 0) return std::nullopt;
        switch (e.kind) {
            case expression_kind::constant: return e.constant;
            case expression_kind::variable: return variables_[e.slot];
            case expression_kind::comparison: return chained(e);
            case expression_kind::call: return called(e);
            default: break;
        }
        const std::optional<value> first = valued(e.operands[0]);
        if (!first) return std::nullopt;
        switch (e.kind) {
            case expression_kind::negative: return negative(*first);
            case expression_kind::positive: return is_real(*first) ? *first : integer(first->whole);
            case expression_kind::opposite: return boolean(!is_true(*first));
            case expression_kind::all: return is_true(*first) ? valued(e.operands[1]) : first;
            case expression_kind::any: return is_true(*first) ? first : valued(e.operands[1]);
            case expression_kind::conditional: return valued(e.operands[is_true(*first) ? 1 : 2]);
            default: break;
        }
        const std::optional<value> second = valued(e.operands[1]);
        if (!second) return std::nullopt;
        return result_of(e.op, *first, *second);
    }

    /// a < b < c: each operand once, and no more of them once a relation is false.
    std::optional<value> chained(const expression& e) {
        std::optional<value> left = valued(e.operands[0]);
        for (std::size_t i = 0; i < e.relations.size(); ++i) {
            const std::optional<value> right = left ? valued(e.operands[i + 1]) : std::nullopt;
            if (!right) return std::nullopt;
            const std::optional<bool> is_so = holds(e.relations[i], *left, *right);
            if (!is_so) return std::nullopt;
            if (!*is_so) return boolean(false);
            left = right;
        }
        return boolean(true);
    }

    std::optional<value> called(const expression& e) {
        std::vector<value> arguments;
        for (const expression& operand : e.operands) {
            const std::optional<value> argument = valued(operand);
            if (!argument) return std::nullopt;
            arguments.push_back(*argument);
        }
        return result_of(e.callee, arguments);
    }

    const program& program_;
    std::vector<std::optional<value>> variables_;  // by slot; nothing before the first assignment
    std::int64_t steps_left_;
    std::optional<value> given_;
};

}  // namespace detail::arithmetic

}  // namespace reft::inline REFT_ABI
