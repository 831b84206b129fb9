// Runs golden files, numbers that the real code of other codebases produced, against reft.
//
//     golden_test [--selftest] [folder]
//
// The folder is the argument, else the environment variable REFT_GOLDEN_DIR, else the one of the build. Exit code: 0 if
// every case passed, 1 if one failed or there was none to run, 77 (skipped) if there is no such folder. With --selftest
// every compared field of every case is falsified in memory, one number at a time, and each must be noticed.
#include "golden/golden.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using golden::checker;
using golden::golden_case;
using golden::json;

constexpr int exit_skipped = 77;

struct file_result {
    std::string stem;
    std::int64_t cases = 0;
    std::int64_t passed = 0;
    double largest_error = 0;
};

struct run_result {
    std::vector<file_result> files;
    std::vector<std::string> not_mapped;
    std::map<std::string, std::int64_t> notes;
    std::int64_t passed = 0;
    std::int64_t failed = 0;
};

checker checked(const golden::mapping& mapping, const golden_case& one) {
    checker check;
    try {
        mapping.run(one, check);
        check.require(check.checks() > 0, "the case", "nothing in it was checked");
    } catch (const std::exception& e) {
        check.require(false, "the case", e.what());
    }
    return check;
}

/// Falsifies one number of every compared field; what is not noticed fails the result.
checker falsified(const golden::mapping& mapping, const golden_case& one) {
    constexpr double coarse = 0.1;  // rounding noise that the source divided by a small epsilon
    const checker genuine = checked(mapping, one);
    checker result;
    for (const golden::comparison& number : genuine.compared()) {
        result.note("numbers falsified", number.tolerance < coarse);
        result.note("numbers not falsified, their tolerance is too wide", number.tolerance >= coarse);
        if (number.tolerance >= coarse) continue;
        const double relative = std::max(1e-4, 3 * number.tolerance);
        const double delta = relative * std::max(1.0, std::abs(number.expected));
        const bool noticed = checked(mapping, one.perturbed(number.path, delta)).failures() != genuine.failures();
        result.require(noticed, number.path, "was falsified and nothing noticed it");
    }
    return result;
}

void add(const std::string& stem, const std::string& name, const checker& check, file_result& file, run_result& all) {
    ++file.cases;
    file.passed += check.failures().empty();
    file.largest_error = std::max(file.largest_error, check.largest_error());
    for (const std::string& failure : check.failures())
        std::printf("FAILED %s · %s · %s\n", stem.c_str(), name.c_str(), failure.c_str());
    for (const auto& [what, count] : check.notes()) all.notes[what] += count;
}

void run_file(const std::filesystem::path& path, const golden::mapping& mapping, bool selftest, run_result& all) {
    file_result file{.stem = path.stem().string()};
    try {
        std::ifstream stream(path);
        const json document = json::parse(stream);
        for (const json& body : document.at("cases")) {
            const golden_case one(document, body);
            add(file.stem, one.name(), selftest ? falsified(mapping, one) : checked(mapping, one), file, all);
        }
        if (file.cases == 0) throw std::runtime_error("there is no case in it");
    } catch (const std::exception& e) {
        std::printf("FAILED %s · cannot be read: %s\n", file.stem.c_str(), e.what());
        ++file.cases;
    }
    all.passed += file.passed;
    all.failed += file.cases - file.passed;
    all.files.push_back(std::move(file));
}

void dispatch(const std::filesystem::path& path, bool selftest, run_result& all) {
    const golden::codebase codebases[] = {golden::mwp_reft()};
    const std::string stem = path.stem().string();
    for (const golden::codebase& codebase : codebases) {
        if (!stem.starts_with(codebase.prefix)) continue;
        for (const golden::mapping& mapping : codebase.mappings)
            if (mapping.stem == stem) return run_file(path, mapping, selftest, all);
        std::printf("FAILED %s · no mapping for this file, although its codebase is mapped\n", stem.c_str());
        all.files.push_back({.stem = stem, .cases = 1});
        ++all.failed;
        return;
    }
    all.not_mapped.push_back(stem);
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".json") files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

void print(const run_result& all) {
    if (!all.not_mapped.empty()) {
        std::printf("not mapped yet (%zu files):", all.not_mapped.size());
        for (const std::string& stem : all.not_mapped) std::printf(" %s", stem.c_str());
        std::printf("\n");
    }
    for (const auto& [what, count] : all.notes) std::printf("%s: %lld\n", what.c_str(), static_cast<long long>(count));
    std::printf("\n%-42s %6s %6s   %s\n", "file", "cases", "passed", "largest error");
    for (const file_result& file : all.files)
        std::printf("%-42s %6lld %6lld   %.3g\n", file.stem.c_str(), static_cast<long long>(file.cases),
                    static_cast<long long>(file.passed), file.largest_error);
    std::printf("%lld passed, %lld failed\n", static_cast<long long>(all.passed), static_cast<long long>(all.failed));
}

std::string default_folder() {
    const char* given = std::getenv("REFT_GOLDEN_DIR");
    return given != nullptr && *given != '\0' ? given : REFT_GOLDEN_DIR_DEFAULT;
}

}  // namespace

int main(int argc, char** argv) {
    std::string folder = default_folder();
    bool selftest = false;
    for (int i = 1; i < argc; ++i) {
        if (std::string(argv[i]) == "--selftest")
            selftest = true;
        else
            folder = argv[i];
    }
    if (!std::filesystem::is_directory(folder)) {
        std::printf(
            "SKIPPED: THE GOLDEN FOLDER %s DOES NOT EXIST, NOTHING WAS COMPARED.\n"
            "Set REFT_GOLDEN_DIR to the folder of the golden JSON files.\n",
            folder.c_str());
        return exit_skipped;
    }
    run_result all;
    for (const auto& path : files_in(folder)) dispatch(path, selftest, all);
    if (all.files.empty()) {
        std::printf("FAILED: there is no golden file that can be run in %s\n", folder.c_str());
        ++all.failed;
    }
    print(all);
    return all.failed == 0 ? 0 : 1;
}
