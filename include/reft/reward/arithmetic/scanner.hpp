// A Python source as tokens, with its indentation.
#pragma once

#include <reft/text/number.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

namespace detail::arithmetic {

enum class token_kind { name, number, text, sign, line_end, indent, dedent, end };

struct token {
    token_kind kind = token_kind::end;
    std::string_view spelling = {};  // of names (keywords too), numbers and signs
};

constexpr bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
constexpr bool is_name_part(char c) { return is_name_start(c) || is_digit(c); }

/// Bytes behind digits [_ digits]... at `at`.
constexpr std::size_t digits_end(std::string_view source, std::size_t at) {
    const auto digit_at = [&](std::size_t i) { return i < source.size() && is_digit(source[i]); };
    while (digit_at(at) || (at < source.size() && source[at] == '_' && digit_at(at + 1))) ++at;
    return at;
}

/// Bytes behind the decimal number at `at`: digits, point, digits, exponent, as far as they are there.
constexpr std::size_t number_end(std::string_view source, std::size_t at) {
    at = digits_end(source, at);
    if (at < source.size() && source[at] == '.') {
        ++at;
        if (at < source.size() && is_digit(source[at])) at = digits_end(source, at);
    }
    if (at < source.size() && (source[at] == 'e' || source[at] == 'E')) {
        std::size_t digits = at + 1;
        if (digits < source.size() && (source[digits] == '+' || source[digits] == '-')) ++digits;
        if (digits < source.size() && is_digit(source[digits])) at = digits_end(source, digits);
    }
    return at;
}

/// Reads tokens from left to right. What it does not know ends it: backslashes, tabs in front of a line, brackets and
/// braces, letters beyond ASCII outside of comments and texts, carriage returns and form feeds.
class scanner {
  public:
    explicit scanner(std::string_view source) : source_(source) {}

    /// All tokens, the last of kind `end`; nothing where there is something unknown.
    std::optional<std::vector<token>> tokens() {
        if (!is_plain()) return std::nullopt;
        while (at_ < source_.size())
            if (!(at_line_start_ ? line_start() : next())) return std::nullopt;
        if (open_parentheses_ > 0) return std::nullopt;
        if (!at_line_start_) add(token_kind::line_end);
        for (; indents_.size() > 1; indents_.pop_back()) add(token_kind::dedent);
        add(token_kind::end);
        return std::move(tokens_);
    }

  private:
    /// UTF-8 without the characters that Python's own reading of lines treats in ways of its own.
    bool is_plain() const {
        for (std::size_t at = 0; at < source_.size();) {
            const char32_t c = next_code_point(source_, at);
            if (c == no_code_point || c == U'\0' || c == U'\r' || c == U'\f') return false;
        }
        return true;
    }

    void add(token_kind kind, std::string_view spelling = {}) { tokens_.push_back({kind, spelling}); }

    /// Takes the bytes to `end` as one token.
    bool take(token_kind kind, std::size_t end) {
        add(kind, source_.substr(at_, end - at_));
        at_ = end;
        return true;
    }

    /// Indents and dedents in front of a line that has more than a comment; other lines are skipped.
    bool line_start() {
        std::size_t begin = at_;
        while (begin < source_.size() && source_[begin] == ' ') ++begin;
        const std::size_t indent = begin - at_;
        at_ = begin;
        if (at_ == source_.size()) return true;
        if (source_[at_] == '\t') return false;
        if (source_[at_] == '#') return comment();
        if (source_[at_] == '\n') return ++at_, true;
        at_line_start_ = false;
        if (indent > indents_.back()) {
            indents_.push_back(indent);
            add(token_kind::indent);
        }
        for (; indent < indents_.back(); indents_.pop_back()) add(token_kind::dedent);
        return indent == indents_.back();
    }

    /// A comment in the first lines may name an encoding, which is another's business.
    bool comment() {
        const std::size_t end = std::min(source_.find('\n', at_), source_.size());
        if (source_.substr(at_, end - at_).find("coding") != std::string_view::npos) return false;
        at_ = end;
        return true;
    }

    bool next() {
        const char c = source_[at_];
        if (c == ' ' || c == '\t') return ++at_, true;
        if (c == '#') return comment();
        if (c == '\n') return line_end();
        if (c == '"' || c == '\'') return text(c);
        if (is_name_start(c)) return name();
        if (is_digit(c) || (c == '.' && at_ + 1 < source_.size() && is_digit(source_[at_ + 1]))) return number();
        return sign();
    }

    bool line_end() {
        if (open_parentheses_ == 0) {
            add(token_kind::line_end);
            at_line_start_ = true;
        }
        ++at_;
        return true;
    }

    bool name() {
        std::size_t end = at_;
        while (end < source_.size() && is_name_part(source_[end])) ++end;
        return take(token_kind::name, end);
    }

    /// A number that ends where something other than a letter, a digit or a point begins.
    bool number() {
        const std::size_t end = number_end(source_, at_);
        if (end < source_.size() && (is_name_part(source_[end]) || source_[end] == '.')) return false;
        return take(token_kind::number, end);
    }

    /// A text in one or in three quotation marks, without a backslash.
    bool text(char quote) {
        const char three[] = {quote, quote, quote};
        const bool is_long = source_.substr(at_).starts_with(std::string_view(three, 3));
        const std::string_view mark(three, is_long ? 3 : 1);
        const std::size_t begin = at_ + mark.size();
        const std::size_t end = source_.find(mark, begin);
        if (end == std::string_view::npos) return false;
        const std::string_view inside = source_.substr(begin, end - begin);
        if (inside.find_first_of(is_long ? "\\" : "\\\n") != std::string_view::npos) return false;
        return take(token_kind::text, end + mark.size());
    }

    bool sign() {
        static constexpr std::string_view known[] = {"//=", "**=", "+=", "-=", "*=", "/=", "%=", "//", "**",
                                                     "<=",  ">=",  "==", "!=", "+",  "-",  "*",  "/",  "%",
                                                     "(",   ")",   "<",  ">",  "=",  ",",  ":"};
        for (const std::string_view spelling : known) {
            if (!source_.substr(at_).starts_with(spelling)) continue;
            if (spelling == "(") ++open_parentheses_;
            if (spelling == ")" && open_parentheses_-- == 0) return false;
            return take(token_kind::sign, at_ + spelling.size());
        }
        return false;
    }

    std::string_view source_;
    std::size_t at_ = 0;
    std::size_t open_parentheses_ = 0;
    bool at_line_start_ = true;
    std::vector<std::size_t> indents_{0};
    std::vector<token> tokens_;
};

}  // namespace detail::arithmetic

}  // namespace reft::inline REFT_ABI
