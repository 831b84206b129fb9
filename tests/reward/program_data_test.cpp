// Programs of the data sets: each must give the answer that the data set says.
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <set>

#include "reward/program_case.hpp"
#include "support/real_data.hpp"

namespace {

struct sample {
    std::string program;
    double gold = 0;
};

/// The records of a file of the data; none where it is absent.
std::vector<nlohmann::json> records_of(const std::string& file) {
    std::vector<nlohmann::json> records;
    for (const std::string& line : test::real_data(file)) records.push_back(nlohmann::json::parse(line));
    return records;
}

/// Runs them all; the positions of those that are not within 0.01, the paper's tolerance, or 1e-9 of the answer.
std::set<std::size_t> wrong_ones(const std::vector<sample>& samples) {
    reft::program_runner runner(reft::program_runner_options{.workers = 2});
    std::vector<std::string> programs;
    for (const sample& s : samples) programs.push_back(s.program);
    const auto start = std::chrono::steady_clock::now();
    const auto results = runner(programs);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::set<std::size_t> wrong;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        const double gold = samples[i].gold;
        if (results[i].found && std::abs(results[i].found->number - gold) <= std::max(1e-2, 1e-9 * std::abs(gold)))
            continue;
        wrong.insert(i);
        std::printf("line %zu: %s, but the data says %.17g\n", i + 1, test::described(results[i]).c_str(), gold);
    }
    std::printf("%zu programs, %zu wrong, %.1f s\n", samples.size(), wrong.size(), seconds.count());
    return wrong;
}

}  // namespace

TEST_CASE("program_runner, data: every program of SVAMP is right") {
    if (!test::sandbox()) return;
    std::vector<sample> samples;
    for (const nlohmann::json& line : records_of("svamp_pcot.jsonl"))
        samples.push_back({line.at("answer_cot"), std::stod(line.at("answer_value").get<std::string>())});
    CHECK(wrong_ones(samples).empty());
}

TEST_CASE("program_runner, data: every program of GSM-Hard is right") {
    if (!test::sandbox()) return;
    std::vector<sample> samples;
    for (const nlohmann::json& line : records_of("gsmhard_pcot.jsonl"))
        samples.push_back({line.at("code"), line.at("target")});
    CHECK(wrong_ones(samples).empty());
}
