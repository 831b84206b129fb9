// What the demonstration can be told on the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>
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
    std::string out = "arithmetic_out";

    std::vector<setting> chosen() const {
        if (annotations == "uneven") return {uneven};
        if (annotations == "clean") return {clean};
        return {uneven, clean};
    }
};

/// Everything that the results depend on.
inline nlohmann::ordered_json to_json(const settings& s) {
    return {{"seed", s.seed},
            {"annotations", s.annotations},
            {"train", s.train},
            {"dev", s.dev},
            {"test", s.test},
            {"updates", s.updates},
            {"questions_per_update", s.questions_per_update},
            {"sft_rate", s.sft_rate},
            {"continued_rate", s.continued_rate},
            {"reft_rate", s.reft_rate},
            {"kl_coef", s.kl_coef},
            {"warm_up_epochs", s.uneven.warm_up_epochs},
            {"clean_warm_up_epochs", s.clean.warm_up_epochs},
            {"answer_only", s.uneven.mix.answer_only},
            {"mistakes", s.uneven.mix.mistakes}};
}

namespace detail {

/// A whole text read as a number, or nothing: no sign in front of an unsigned one, nothing behind it.
template <class T>
std::optional<T> whole(const std::string& text) {
    T value{};
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// A finite number from `low` to `high`; `low` itself only if `low_too`.
inline CLI::Validator number_in(double low, bool low_too, double high, const std::string& name) {
    const auto complaint = [=](const std::string& text) {
        const std::optional<double> x = whole<double>(text);
        const bool good = x && std::isfinite(*x) && (low_too ? *x >= low : *x > low) && *x <= high;
        return good ? std::string() : "'" + text + "' is not " + name;
    };
    return CLI::Validator(complaint, "");
}

}  // namespace detail

/// Reads the command line into `s`. Returns the exit status if there is nothing more to do: 0 after --help, 2 after a
/// sentence about a wrong flag or value.
inline std::optional<int> parse(int argc, char** argv, settings& s) {
    CLI::App app("A small language model learns arithmetic by ReFT.");
    const auto option = [&](const char* flag, auto& value, const char* what) {
        return app.add_option(flag, value, what)->capture_default_str()->take_last();
    };
    const CLI::Validator rate = detail::number_in(0, false, 1e3, "a number above 0 and at most 1000");
    const CLI::Validator coefficient = detail::number_in(0, true, 1e6, "a number from 0 to 1000000");
    const CLI::Validator share = detail::number_in(0, true, 1, "a number from 0 to 1");
    const CLI::Validator seed(
        [](const std::string& text) {
            return detail::whole<std::uint64_t>(text) ? "" : "'" + text + "' is not a whole number from 0 to 2^64 - 1";
        },
        "");
    option("--seed", s.seed, "seed of data, initialisation and sampling")->check(seed);
    option("--threads", s.threads, "worker threads; the result does not depend on them")->check(CLI::Range(1, 256));
    option("--annotations", s.annotations, "which annotations to learn from: uneven, clean or both")
        ->check(CLI::IsMember({"uneven", "clean", "both"}));
    auto* updates = option("--updates", s.updates, "steps of ReFT")->check(CLI::Range(1, 100000));
    option("--kl-coef", s.kl_coef, "weight of the KL to the warm-up policy")->check(coefficient);
    option("--sft-rate", s.sft_rate, "learning rate of the warm-up; it falls to a tenth")->check(rate);
    option("--continued-rate", s.continued_rate, "learning rate of SFT continued; it falls to 0")->check(rate);
    option("--reft-rate", s.reft_rate, "learning rate of ReFT; it falls to 0")->check(rate);
    auto* train = option("--train", s.train, "training problems")->check(CLI::Range(100, 200000));
    auto* dev = option("--dev", s.dev, "questions that a policy is chosen by")->check(CLI::Range(10, 10000));
    auto* test = option("--test", s.test, "questions of the final table")->check(CLI::Range(10, 10000));
    auto* epochs = option("--warm-up-epochs", s.uneven.warm_up_epochs, "epochs of SFT on the uneven annotations")
                       ->check(CLI::Range(1, 10000));
    auto* clean = option("--clean-warm-up-epochs", s.clean.warm_up_epochs, "epochs of SFT on the clean annotations")
                      ->check(CLI::Range(1, 10000));
    option("--answer-only", s.uneven.mix.answer_only, "share of uneven annotations without a chain of thought")
        ->check(share);
    option("--mistakes", s.uneven.mix.mistakes, "share of uneven annotations with a wrong last step")->check(share);
    option("--out", s.out, "folder for metrics, table and picture");
    bool quick = false;
    app.add_flag("--quick", quick, "a few steps of everything, to see that it runs; too few to learn arithmetic")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    }
    if (quick) {  // what was asked for by name stays
        const auto unless_given = [](const CLI::Option* given, auto& value, auto small) {
            if (given->count() == 0) value = small;
        };
        unless_given(train, s.train, 1000u);
        unless_given(dev, s.dev, 100u);
        unless_given(test, s.test, 100u);
        unless_given(epochs, s.uneven.warm_up_epochs, 4);
        unless_given(clean, s.clean.warm_up_epochs, 4);
        unless_given(updates, s.updates, 6);
    }
    return std::nullopt;
}

}  // namespace arithmetic
