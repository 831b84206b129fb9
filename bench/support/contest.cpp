#include "bench/support/contest.hpp"

#include <benchmark/benchmark.h>

#include <charconv>
#include <exception>
#include <iostream>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>

#include "bench/support/buffer.hpp"
#include "bench/support/peak_memory.hpp"
#include "bench/support/same_answers.hpp"
#include "bench/support/torch_setting.hpp"

namespace bench {
namespace {

struct entrant {
    std::string library;
    contestants list;
    void (*describe)();
};
std::vector<entrant>& entrants() {
    static std::vector<entrant> all;
    return all;
}

struct own_flags {
    std::vector<shape> shapes;
    int threads = 1;
    std::string setting = "tuned", pages = "4k";
    bool peak_memory = false;
};

shape shape_from(std::string_view text) {
    shape extents;
    for (const char *at = text.data(), *end = at + text.size(); at < end; ++at) {
        std::int64_t extent = 0;
        const auto [after, error] = std::from_chars(at, end, extent);
        if (error != std::errc() || extent < 1 || (after < end && *after != 'x')) return {};
        extents.push_back(extent);
        at = after;
    }
    return extents;
}

/// Takes the program's own flags out of the arguments; nothing if one has a wrong value.
std::optional<own_flags> own_flags_from(int& argc, char** argv, std::size_t rank) {
    own_flags flags;
    int kept = 1;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        const std::string value(argument.substr(std::min(argument.find('=') + 1, argument.size())));
        bool right = true;
        if (argument.starts_with("--shape=")) {
            flags.shapes.push_back(shape_from(value));
            right = flags.shapes.back().size() == rank;
        } else if (argument.starts_with("--threads=")) {
            flags.threads = std::atoi(value.c_str());
            right = flags.threads >= 1 && flags.threads <= 1024;
        } else if (argument.starts_with("--pages=")) {
            flags.pages = value;
            right = value == "4k" || value == "2M";
        } else if (argument.starts_with("--setting=")) {
            flags.setting = value;
            right = value == "tuned" || value == "default";
        } else if (argument == "--peak_memory") {
            flags.peak_memory = true;
        } else {
            argv[kept++] = argv[i];
        }
        if (!right) {
            std::cerr << argv[0] << ": " << argument << " is not understood\n";
            return std::nullopt;
        }
    }
    argc = kept;
    argv[argc] = nullptr;
    return flags;
}

/// Runs both once from the same input.
///
/// Errors    runtime_error if a peer does not compute what reft does.
void check(const contestant& peer, const shape& extents, int threads) {
    static std::set<std::string> checked;
    const std::string name = name_of(peer, extents, threads);
    if (peer.who == "reft" || !checked.insert(name).second) return;
    const job theirs = peer.make();
    if (!theirs.result) return;
    for (const contestant& other : everybody(extents, threads))
        if (other.who == "reft" && other.kernel == peer.kernel && other.dtype == peer.dtype)
            return require_same(name, answers_of(other.make()), answers_of(theirs));
    throw std::logic_error(name + " has nobody in reft to be compared with");
}

const char* name_of(reference r) {
    return r == reference::read ? "read" : r == reference::scale ? "scale in place" : "copy";
}

void measure(benchmark::State& state, const contestant& c, const shape& extents, int threads) {
    check(c, extents, threads);
    const job work = c.make();
    for (auto _ : state) {
        work.run();
        benchmark::ClobberMemory();
    }
    state.SetLabel(name_of(c.against));
    state.counters["tokens"] = static_cast<double>(c.tokens);
    state.counters["bytes"] = static_cast<double>(c.bytes);
}

void register_everybody(const shape& extents, int threads) {
    for (const contestant& c : everybody(extents, threads)) {
        auto* b = benchmark::RegisterBenchmark(
            name_of(c, extents, threads).c_str(),
            [c, extents, threads](benchmark::State& state) { measure(state, c, extents, threads); });
        b->Unit(benchmark::kMicrosecond);
        if (threads > 1) b->UseRealTime();
    }
}

void describe(const own_flags& flags) {
    std::string libraries;
    for (const entrant& e : entrants()) {
        libraries += (libraries.empty() ? "" : " ") + e.library;
        if (e.describe) e.describe();
    }
    benchmark::AddCustomContext("built in", libraries);
    benchmark::AddCustomContext("setting", flags.setting);
    benchmark::AddCustomContext("variables", settings_in_force());
    benchmark::AddCustomContext("pages", flags.pages);
    benchmark::AddCustomContext("compiler", __VERSION__);
}

}  // namespace

bool enter(const std::string& library, contestants list, void (*describe_library)()) {
    entrants().push_back({library, list, describe_library});
    return true;
}

std::vector<contestant> everybody(const shape& extents, int threads) {
    std::vector<contestant> all;
    for (const entrant& e : entrants())
        for (contestant& c : e.list(extents, threads)) all.push_back(std::move(c));
    return all;
}

std::string text_of(const shape& extents) {
    std::string text;
    for (const std::int64_t extent : extents) text += (text.empty() ? "" : "x") + std::to_string(extent);
    return text;
}

std::string name_of(const contestant& c, const shape& extents, int threads) {
    return c.kernel + "/" + c.who + "/" + c.dtype + "/" + text_of(extents) + "/threads:" + std::to_string(threads);
}

int run(const program& p, int argc, char** argv) try {
    const std::vector<char*> arguments(argv, argv + argc + 1);
    auto restart = arguments;
    const auto flags = own_flags_from(argc, argv, p.tiny.size());
    if (!flags) return 2;
    restart_with(flags->setting, flags->pages == "2M", restart.data());

    const auto& shapes = flags->shapes.empty() ? p.shapes : flags->shapes;
    if (flags->peak_memory) return print_peak_memory(p, shapes, flags->threads, argc, argv);
    for (const shape& extents : shapes) register_everybody(extents, flags->threads);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    describe(*flags);
    return benchmark::RunSpecifiedBenchmarks() > 0 ? 0 : 1;
} catch (const std::exception& error) {
    std::cerr << p.name << ": " << error.what() << '\n';
    return 1;
}

}  // namespace bench
