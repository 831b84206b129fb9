// Random Python programs of the kind that models write, and spoiled ones.
#pragma once

#include <reft/core/random.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace test {

/// Writes programs; most are valid, some use names without a value, wrong numbers of arguments or huge numbers.
class program_writer {
  public:
    explicit program_writer(std::uint64_t seed) : random_(seed) {}

    std::string program() {
        const bool is_function = chance(70);
        std::string text = is_function ? "def solution():\n" : "";
        indent_ = is_function ? 4 : 0;
        if (chance(20)) text += line("\"\"\"how many, then?\"\"\"  # a comment");
        for (std::size_t i = 0; i < 4; ++i) text += line(name(i) + " = " + number());
        const std::size_t statements = 1 + below(6);
        for (std::size_t i = 0; i < statements; ++i) text += statement(2);
        text += line((is_function ? "return " : "ans = ") + expression(3));
        if (chance(5)) text.pop_back();
        if (chance(5)) text += "   ";
        return text;
    }

    /// `text` with one or two bytes removed, doubled or replaced by something that has a meaning in Python.
    std::string spoiled(std::string text) {
        static constexpr std::string_view parts[] = {
            "(", ")",    " ", "\n", "    ", "=", "-", "*", "not ", "if ", "1",    ".",     "0",  "_", "e",  ":",
            ",", "\"\"", "'", "#",  "\t",   "x", "<", ">", "%",    "/",   "and ", "else ", "in", "!", "\\", ";"};
        for (std::size_t left = 1 + below(2); left > 0 && !text.empty(); --left) {
            const std::size_t at = below(text.size());
            if (chance(30))
                text.erase(at, 1 + below(4));
            else if (chance(20))
                text.insert(at, 1, text[at]);
            else
                text.insert(at, parts[below(std::size(parts))]);
        }
        return text;
    }

  private:
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_.below(n)); }
    bool chance(std::size_t percent) { return below(100) < percent; }
    std::string line(const std::string& text) { return std::string(indent_, ' ') + text + "\n"; }
    static std::string name(std::size_t i) { return std::string(1, static_cast<char>('a' + i)) + (i > 2 ? "_x1" : ""); }
    std::string any_name() { return name(below(chance(99) ? 4 : 6)); }

    std::string number() {
        static constexpr std::string_view special[] = {"0",
                                                       "1",
                                                       "2",
                                                       "-1",
                                                       "0.5",
                                                       "-0.5",
                                                       "1e16",
                                                       "1e-5",
                                                       "2.675",
                                                       "0.1",
                                                       "1_000",
                                                       "007",
                                                       "1e22",
                                                       "1.5",
                                                       "5e-324",
                                                       "1e308",
                                                       "True",
                                                       "False",
                                                       "0.0",
                                                       "-0.0",
                                                       ".5",
                                                       "5.",
                                                       "00",
                                                       "1e400",
                                                       "3",
                                                       "-7",
                                                       "1000003",
                                                       "-2",
                                                       "4611686018427387905",
                                                       "9007199254740993",
                                                       "9223372036854775807",
                                                       "1E3",
                                                       "2.5",
                                                       "0.045",
                                                       "1.005",
                                                       "123456789.125"};
        if (chance(12)) return std::string(special[below(std::size(special))]);
        if (chance(50)) return std::to_string(below(chance(80) ? 200 : 100000));
        return std::to_string(below(1000)) + "." + std::to_string(below(chance(70) ? 100 : 1000000));
    }

    std::string expression(std::size_t depth) {
        if (depth == 0 || chance(15)) return chance(60) ? any_name() : number();
        static constexpr std::string_view operators[] = {" + ", " - ", " * ", " / ", "//", " % ", "+", "-", "*", "/"};
        static constexpr std::string_view relations[] = {" < ", " <= ", " > ", " >= ", " == ", " != "};
        const auto inner = [&] { return expression(depth - 1); };
        switch (below(16)) {
            case 0: return "(" + inner() + ")";
            case 1: return "-" + inner();
            case 2: return inner() + " ** " + (chance(80) ? std::to_string(below(4)) : inner());
            case 3: return inner() + relations[below(6)].data() + inner();
            case 4: return inner() + relations[below(6)].data() + inner() + relations[below(6)].data() + inner();
            case 5: return "(" + inner() + " if " + inner() + " else " + inner() + ")";
            case 6: return inner() + (chance(50) ? " and " : " or ") + inner();
            case 7: return chance(50) ? "(not " + inner() + ")" : "+" + inner();
            case 8: return call(depth - 1);
            default: return inner() + std::string(operators[below(std::size(operators))]) + inner();
        }
    }

    std::string call(std::size_t depth) {
        static constexpr std::string_view one[] = {"int", "float", "abs", "round"};
        if (chance(50)) return std::string(one[below(4)]) + "(" + expression(depth) + ")";
        if (chance(50)) return "round(" + expression(depth) + ", " + std::to_string(below(5)) + ")";
        std::string list = expression(depth);
        for (std::size_t more = below(3); more > 0; --more) list += ", " + expression(depth);
        return (chance(50) ? "min(" : "max(") + list + (chance(5) ? ",)" : ")");
    }

    std::string block(std::size_t depth) {
        indent_ += 4;
        std::string text = statement(depth);
        if (chance(40)) text += statement(depth);
        if (chance(5)) text += "\n   # nothing\n";
        indent_ -= 4;
        return text;
    }

    std::string statement(std::size_t depth) {
        static constexpr std::string_view updates[] = {" += ", " -= ", " *= ", " /= ", " //= ", " %= ", " **= "};
        if (depth == 0 || chance(60)) {
            if (chance(30)) return line(any_name() + std::string(updates[below(7)]) + expression(1));
            if (chance(4)) return line(expression(2));
            if (chance(3)) return line("pass");
            if (loops_ > 0 && chance(15)) return line(chance(50) ? "break" : "continue");
            return line(any_name() + " = " + expression(2));
        }
        if (chance(60)) {
            std::string text = line("if " + expression(2) + ":") + block(depth - 1);
            if (chance(30)) text += line("elif " + expression(2) + ":") + block(depth - 1);
            if (chance(50)) text += line("else:") + block(depth - 1);
            return text;
        }
        ++loops_;
        std::string text;
        if (chance(50)) {
            text = line("for " + any_name() + " in range(" + range() + "):") + block(depth - 1);
        } else {
            const std::string counter = "n" + std::to_string(loops_);
            text = line(counter + " = " + std::to_string(below(8))) + line("while " + counter + " > 0:");
            indent_ += 4;
            text += line(counter + " -= 1");
            indent_ -= 4;
            text += block(depth - 1);
        }
        --loops_;
        return text;
    }

    std::string range() {
        if (chance(50)) return std::to_string(below(12));
        const std::string bounds = expression(0) + ", " + std::to_string(below(30));
        return chance(50) ? bounds : bounds + (chance(50) ? ", -3" : ", 2");
    }

    reft::random_stream random_;
    std::size_t indent_ = 0;
    std::size_t loops_ = 0;
};

}  // namespace test
