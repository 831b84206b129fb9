// Scores answers: one JSON line in, one JSON line out, and a table at the end.
//
//     score_answers answers.jsonl > rewards.jsonl
//     generate | score_answers --comparison strict
//
// A line has `id`, `format` (ncot, pcot, mcq or boxed), `text` and `gold`; `options` for mcq, as MathQA writes them or as
// a list. What comes out has `id`, `answer`, `reward`, `marker` and `reason`.
#include <CLI/CLI.hpp>

#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "arithmetic_parts/interrupt.hpp"
#include "score_answers_parts/judge.hpp"
#include "score_answers_parts/lines.hpp"
#include "score_answers_parts/settings.hpp"
#include "score_answers_parts/tally.hpp"

namespace {

using namespace score_answers;

/// Scores line after line, some at a time, and writes what comes out in their order.
void score_all(lines& input, judge& scores, tally& counts) {
    constexpr std::size_t at_a_time = 512;
    while (arithmetic::interrupted == 0) {
        std::vector<item> items = input.next(at_a_time, counts);
        if (items.empty() && input.ended()) break;
        for (const verdict& v : scores(items)) {
            std::cout << v.line().dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
            counts.add(v);
        }
        std::cout.flush();
        if (!std::cout) throw std::runtime_error("the answers could not be written");
        input.show_progress();
    }
}

int run(const settings& chosen) {
    std::ifstream file;
    if (chosen.input != "-") {
        file.open(chosen.input, std::ios::binary);
        if (!file) throw std::runtime_error(chosen.input + " cannot be read");
    }
    tally counts;
    judge scores(chosen);
    {
        lines input(chosen.input == "-" ? std::cin : file, chosen.input);
        score_all(input, scores, counts);
    }
    counts.print(std::cerr, scores.programs());
    return arithmetic::interrupted != 0 ? 130 : 0;
}

}  // namespace

int main(int argc, char** argv) {
    std::ios::sync_with_stdio(false);
    settings chosen;
    CLI::App app("Scores answers: JSON lines in, JSON lines with rewards out, a table on standard error.");
    chosen.add_to(app);
    CLI11_PARSE(app, argc, argv);
    arithmetic::watch_for_interrupts();
    try {
        return run(chosen);
    } catch (const std::exception& e) {
        std::cerr << "score_answers: " << e.what() << '\n';
        return 1;
    }
}
