// What the demonstration can be told on the command line.
#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "problems.hpp"

namespace arithmetic {

/// The way in which the training problems are annotated, and for how long a policy is warmed up on them.
struct setting {
    std::string name;  ///< of the annotations
    annotation_mix mix = {};
    int warm_up_epochs = 0;
};

struct settings {
    std::uint64_t seed = 1;
    int threads = 2;
    std::size_t train = 6000, dev = 200, test = 500;
    int updates = 60, questions_per_update = 128;
    double sft_rate = 3e-3, continued_rate = 3e-3, reft_rate = 2.5e-4, kl_coef = 0.01;
    setting uneven = {"uneven", {.answer_only = 0.55, .mistakes = 0.10}, 20};
    setting clean = {"clean", {.answer_only = 0, .mistakes = 0}, 10};
    std::string annotations = "both";
    bool quick = false;
    std::string out = "arithmetic_out";

    std::vector<setting> chosen() const {
        if (annotations == "uneven") return {uneven};
        if (annotations == "clean") return {clean};
        return {uneven, clean};
    }
};

/// Reads the command line into `s`. Returns the exit status if there is nothing more to do: 0 after --help, 2 after a
/// sentence about a wrong flag or value.
inline std::optional<int> parse(int argc, char** argv, settings& s) {
    CLI::App app("A small language model learns arithmetic by ReFT.");
    const auto option = [&](const char* flag, auto& value, const char* what) {
        return app.add_option(flag, value, what)->capture_default_str();
    };
    option("--seed", s.seed, "seed of data, initialisation and sampling");
    option("--threads", s.threads, "worker threads; the result does not depend on them")->check(CLI::Range(1, 256));
    option("--annotations", s.annotations, "which annotations to learn from: uneven, clean or both")
        ->check(CLI::IsMember({"uneven", "clean", "both"}));
    option("--updates", s.updates, "steps of ReFT")->check(CLI::Range(1, 100000));
    option("--kl-coef", s.kl_coef, "weight of the KL to the warm-up policy")->check(CLI::NonNegativeNumber);
    option("--sft-rate", s.sft_rate, "learning rate of the warm-up; it falls to a tenth")->check(CLI::PositiveNumber);
    option("--continued-rate", s.continued_rate, "learning rate of SFT continued; it falls to 0")
        ->check(CLI::PositiveNumber);
    option("--reft-rate", s.reft_rate, "learning rate of ReFT; it falls to 0")->check(CLI::PositiveNumber);
    option("--train", s.train, "training problems")->check(CLI::Range(100, 200000));
    option("--dev", s.dev, "questions that a policy is chosen by")->check(CLI::Range(10, 10000));
    option("--test", s.test, "questions of the final table")->check(CLI::Range(10, 10000));
    option("--warm-up-epochs", s.uneven.warm_up_epochs, "epochs of SFT on the uneven annotations before ReFT")
        ->check(CLI::Range(1, 10000));
    option("--clean-warm-up-epochs", s.clean.warm_up_epochs, "epochs of SFT on the clean annotations before ReFT")
        ->check(CLI::Range(1, 10000));
    option("--answer-only", s.uneven.mix.answer_only, "share of uneven annotations without a chain of thought")
        ->check(CLI::Range(0.0, 1.0));
    option("--mistakes", s.uneven.mix.mistakes, "share of uneven annotations with a wrong last step")
        ->check(CLI::Range(0.0, 1.0));
    option("--out", s.out, "folder for metrics, table and picture");
    app.add_flag("--quick", s.quick, "a few steps of everything, to see that it runs; too few to learn arithmetic");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    }
    if (s.quick) {
        s.train = 1000;
        s.dev = s.test = 100;
        s.uneven.warm_up_epochs = s.clean.warm_up_epochs = 4;
        s.updates = 6;
    }
    return std::nullopt;
}

}  // namespace arithmetic
