// What the command line decides.
#pragma once

#include <reft/reward/extract_presets.hpp>

#include <CLI/CLI.hpp>

#include <map>
#include <string>

namespace score_answers {

/// When a number counts as right.
enum class comparison { tolerant, paper, strict, given_places };

struct settings {
    std::string input = "-";
    reft::extraction_preset preset = reft::extraction_preset::strict;
    comparison compared_by = comparison::tolerant;
    int threads = 0;
    int timeout = 10;
    bool without_sandbox = false;

    void add_to(CLI::App& app) {
        const std::map<std::string, reft::extraction_preset> presets{{"mwp_reft", reft::extraction_preset::mwp_reft},
                                                                     {"strict", reft::extraction_preset::strict},
                                                                     {"flexible", reft::extraction_preset::flexible}};
        const std::map<std::string, comparison> comparisons{{"tolerant", comparison::tolerant},
                                                            {"paper", comparison::paper},
                                                            {"strict", comparison::strict},
                                                            {"given_places", comparison::given_places}};
        app.add_option("input", input, "File of JSON lines; - is standard input")->capture_default_str();
        app.add_option(
               "--preset", preset,
               "mwp_reft: the paper's rules. strict (default): what a known marker announces. flexible: also the "
               "last number of a text without a marker")
            ->transform(CLI::CheckedTransformer(presets).description(""));
        app.add_option("--comparison", compared_by,
                       "tolerant (default): within 0.01 and within 5 %. paper: within 0.01. strict: the same number. "
                       "given_places: rounded to the places of the gold answer")
            ->transform(CLI::CheckedTransformer(comparisons).description(""));
        app.add_option("--threads", threads, "Threads and Python workers; 0: one per core")
            ->check(CLI::Range(0, 1024))
            ->capture_default_str();
        app.add_option("--timeout", timeout, "Seconds of processor time that a program may take")
            ->check(CLI::Range(1, 3600))
            ->capture_default_str();
        app.add_flag("--without-sandbox-at-my-own-risk", without_sandbox,
                     "Run programs also where there is no bubblewrap: they can read and write your files");
    }
};

}  // namespace score_answers
