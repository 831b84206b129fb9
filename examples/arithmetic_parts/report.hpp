// What the demonstration measures, and how it is shown: table, answers, picture, JSON.
#pragma once

#include <reft/core/error.hpp>
#include <reft/io/metrics.hpp>
#include <reft/models/transformer.hpp>
#include <reft/training/evaluation.hpp>
#include <reft/training/phase_clock.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "line_chart.hpp"
#include "settings.hpp"

namespace arithmetic {

using model = reft::transformer<float>;

/// One point of a learning curve, measured on the development questions.
struct measurement {
    double token_passes = 0;  ///< since the warm-up
    std::string when;         ///< "epoch 20", "update 57"
    reft::evaluation dev;
};

/// A way of training: how it went, its best policy by development accuracy, and what that one does on the test.
struct result {
    std::string annotations, method;
    std::vector<measurement> curve = {};
    std::size_t best_at = 0;  ///< index into the curve
    reft::transformer_state<float> best = {};
    double seconds = 0, max_sequence_kl = 0;
    reft::evaluation greedy = {}, sampled = {};  ///< of the best policy, on the test questions
    std::vector<reft::question> shown = {};      ///< the first test questions
    std::vector<std::string> answers = {};       ///< of the best policy, to these
    std::vector<std::pair<std::string, reft::phase_time>> phases = {};

    double best_dev() const { return curve.empty() ? 0.0 : curve[best_at].dev.accuracy; }
    /// Adds a measurement, and keeps the policy if it is the best so far.
    void add(measurement m, const model& policy) {
        const bool better = curve.empty() || m.dev.accuracy > best_dev();
        curve.push_back(std::move(m));
        if (better) choose_last(policy);
    }
    /// Takes the policy of the last measurement, whether it was the best or not.
    void choose_last(const model& policy) {
        best_at = curve.size() - 1;
        best = policy.state();
    }
};

inline std::string fixed(double x, int digits) { return detail::number(x, digits); }
inline std::string percent(double share) { return fixed(100 * share, 1) + " %"; }

inline void print_table(const std::vector<result>& results) {
    std::printf("\n%-11s  %-13s  %8s  %8s  %8s  %-10s  %6s  %12s  %6s\n", "annotations", "policy", "greedy", "sampled",
                "best dev", "found at", "length", "token passes", "time");
    for (const result& r : results) {
        const double passes = r.curve.back().token_passes / 1e6;
        std::printf("%-11s  %-13s  %8s  %8s  %8s  %-10s  %6.1f  %10.2f M  %4.0f s\n", r.annotations.c_str(),
                    r.method.c_str(), percent(r.greedy.accuracy).c_str(), percent(r.sampled.accuracy).c_str(),
                    percent(r.best_dev()).c_str(), r.curve[r.best_at].when.c_str(), r.greedy.response_length, passes,
                    r.seconds);
    }
    std::printf("greedy, sampled: test questions answered right. length: tokens of a greedy response.\n");
}

/// A few test questions with the answers of all policies, for each kind of annotations.
inline void print_answers(const std::vector<result>& results) {
    std::string annotations;
    for (const result& first : results) {
        if (first.annotations == annotations) continue;
        annotations = first.annotations;
        std::printf("\n");
        for (std::size_t q = 0; q < first.answers.size(); ++q) {
            std::printf("%s  (%s)\n", first.shown[q].text.c_str(), first.shown[q].gold.c_str());
            for (const result& r : results)
                if (r.annotations == annotations)
                    std::printf("    %-8s%-15s%s\n", annotations.c_str(), r.method.c_str(), r.answers[q].c_str());
        }
    }
}

/// How long each phase took in all, and how many processors it kept busy.
inline void print_phases(const std::vector<result>& results) {
    std::vector<std::pair<std::string, reft::phase_time>> sums;
    for (const result& r : results)
        for (const auto& phase : r.phases) {
            const auto of_name = [&](const auto& sum) { return sum.first == phase.first; };
            auto sum = std::find_if(sums.begin(), sums.end(), of_name);
            if (sum == sums.end()) sum = sums.insert(sum, {phase.first, {}});
            sum->second.add(phase.second);
        }
    std::printf("\n%-8s  %7s  %12s  %15s\n", "phase", "time", "tokens/s", "processors busy");
    for (const auto& [name, time] : sums) {
        const std::string speed = time.positions > 0 ? fixed(time.positions_per_second(), 0) : "";
        std::printf("%-8s  %5.1f s  %12s  %15.2f\n", name.c_str(), time.wall_seconds, speed.c_str(), time.cpu_share());
    }
}

/// Accuracy and response length over token passes, a column for each kind of annotations.
inline std::string learning_curves(const std::vector<result>& results) {
    std::vector<chart> accuracy, length;
    for (const result& r : results) {
        if (r.method == "warm-up") {
            accuracy.push_back({"Dev accuracy, " + r.annotations + " annotations", {}, true});
            length.push_back({"Response length in tokens, " + r.annotations + " annotations", {}, false});
            continue;
        }
        const std::string color = r.method == "ReFT" ? "#2f7fd6" : "#d1720b";
        curve a{r.method, color, {}}, l = a;
        for (const measurement& m : r.curve) {
            a.points.emplace_back(m.token_passes / 1e6, m.dev.accuracy);
            l.points.emplace_back(m.token_passes / 1e6, m.dev.response_length);
        }
        accuracy.back().curves.push_back(a);
        length.back().curves.push_back(l);
    }
    accuracy.insert(accuracy.end(), length.begin(), length.end());
    return svg_of(accuracy, "million token passes after the warm-up, sampling included");
}

/// Everything but the times, which are in timing.jsonl.
inline nlohmann::ordered_json summary_of(const settings& s, const std::vector<result>& results) {
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (const result& r : results)
        rows.push_back({{"annotations", r.annotations},
                        {"method", r.method},
                        {"greedy", r.greedy.accuracy},
                        {"sampled", r.sampled.accuracy},
                        {"dev", r.best_dev()},
                        {"found_at", r.curve[r.best_at].when},
                        {"last_dev", r.curve.back().dev.accuracy},
                        {"response_length", r.greedy.response_length},
                        {"token_passes", r.curve.back().token_passes},
                        {"max_sequence_kl", r.max_sequence_kl}});
    return {{"settings", to_json(s)}, {"results", rows}};
}

/// Writes a file so that it is there whole or not at all. Throws file_error.
inline void write_file(const std::string& path, const std::string& text) {
    const std::string beside = path + ".part";
    std::ofstream file(beside, std::ios::binary);
    file << text;
    file.close();
    std::error_code failed;
    if (file) std::filesystem::rename(beside, path, failed);
    if (!file || failed) throw reft::file_error("writing " + path + " failed");
}

}  // namespace arithmetic
