// arithmetic_program beside python3: on the programs of the data, on random and on spoiled ones.
#include <reft/reward/arithmetic_program.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/python_programs.hpp"
#include "support/random_programs.hpp"
#include "support/real_data.hpp"

namespace {

std::uint64_t times() { return std::getenv("REFT_TEST_LONG") ? 50 : 1; }

/// The programs of one file; none if it is not there.
std::vector<std::string> programs_of(const std::string& file) {
    std::vector<std::string> programs;
    for (const std::string& line : test::real_data(file)) {
        const auto record = nlohmann::json::parse(line);
        if (record.contains("answer_cot")) programs.push_back(record["answer_cot"]);
        if (record.contains("code")) programs.push_back(record["code"]);
        if (record.contains("generated")) programs.push_back(record["generated"][0]);
    }
    return programs;
}

/// Compares what is taken of the sources with Python, and returns how many that are.
std::size_t check_against_python(const std::vector<std::string>& sources) {
    std::vector<std::string> taken, texts;
    for (const std::string& source : sources) {
        const auto result = reft::arithmetic_program(source);
        if (!result) continue;
        REQUIRE(result->found);
        taken.push_back(source);
        texts.push_back(result->found->text);
    }
    const auto python = test::python_results(taken);
    if (!python) {
        WARN("SKIPPED: there is no python3 here to compare with");
        return taken.size();
    }
    REQUIRE(python->size() == taken.size());
    for (std::size_t i = 0; i < taken.size(); ++i) {
        CAPTURE(taken[i]);
        REQUIRE(texts[i] == (*python)[i]);
    }
    return taken.size();
}

void check_file(const std::string& file, double least_share) {
    const std::vector<std::string> programs = programs_of(file);
    if (programs.empty()) return;
    const std::size_t taken = check_against_python(programs);
    std::cout << file << ": " << taken << " of " << programs.size() << " programs without Python\n";
    CHECK(static_cast<double>(taken) >= least_share * static_cast<double>(programs.size()));
}

}  // namespace

TEST_CASE("arithmetic_program: the SVAMP programs of the paper agree with Python") {
    check_file("svamp_pcot.jsonl", 0.95);
}

TEST_CASE("arithmetic_program: the GSM-Hard programs agree with Python") { check_file("gsmhard_pcot.jsonl", 0.95); }

TEST_CASE("arithmetic_program: Program-of-Thoughts outputs agree with Python") {
    check_file("svamp_pot_outputs.jsonl", 0.9);
}

TEST_CASE("arithmetic_program: random programs agree with Python") {
    test::program_writer writer(20240301);
    std::vector<std::string> sources;
    for (std::uint64_t i = 0; i < 6000 * times(); ++i) sources.push_back(writer.program());
    const std::size_t taken = check_against_python(sources);
    std::cout << taken << " of " << sources.size() << " random programs without Python\n";
    CHECK(taken > sources.size() / 4);
}

TEST_CASE("arithmetic_program: spoiled programs that it takes agree with Python") {
    test::program_writer writer(7);
    std::vector<std::string> sources;
    for (std::uint64_t i = 0; i < 6000 * times(); ++i) sources.push_back(writer.spoiled(writer.program()));
    const std::size_t taken = check_against_python(sources);
    std::cout << taken << " of " << sources.size() << " spoiled programs without Python\n";
    CHECK(taken > sources.size() / 50);
}
