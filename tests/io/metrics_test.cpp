#include <reft/io/metrics.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

#include "support/catch.hpp"

TEST_CASE("metrics are one JSON object per line, in a stable order; what is not finite is null") {
    const std::string path = (std::filesystem::temp_directory_path() / "reft_metrics_test.jsonl").string();
    {
        reft::json_lines lines(path);
        reft::reft_metrics m;
        m.step = 3;
        m.reward = 0.25;
        m.gradient_norm = std::numeric_limits<double>::infinity();
        lines.write(reft::to_json(m));
        lines.write(reft::to_json(reft::sft_metrics{.loss = 1.5}));
        lines.write(reft::to_json(reft::evaluation{.questions = 2, .accuracy = 0.5}));
    }
    std::ifstream file(path);
    std::string first, second, third, nothing;
    std::getline(file, first);
    std::getline(file, second);
    std::getline(file, third);
    CHECK(first.rfind("{\"step\":3,", 0) == 0);
    CHECK(nlohmann::json::parse(first)["reward"] == 0.25);
    CHECK(nlohmann::json::parse(first)["gradient_norm"].is_null());
    CHECK(nlohmann::json::parse(second)["loss"] == 1.5);
    CHECK(nlohmann::json::parse(third)["accuracy"] == 0.5);
    CHECK_FALSE(std::getline(file, nothing));
    std::remove(path.c_str());
}

TEST_CASE("a file that cannot be written is a typed error with its name") {
    CHECK_THROWS_WITH(reft::json_lines("/nowhere/at/all.jsonl"), Catch::Contains("/nowhere/at/all.jsonl"));
    CHECK_THROWS_AS(reft::json_lines("/nowhere/at/all.jsonl"), reft::file_error);
}
