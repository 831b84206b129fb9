#include "bench/support/peak_memory.hpp"

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <limits>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench {
namespace {

/// A line of /proc/self/status in bytes.
std::int64_t status_bytes(const std::string& name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(name + ":")) return std::atoll(line.c_str() + name.size() + 1) * 1024;
    throw std::runtime_error("/proc/self/status has no " + name);
}

/// Bytes that `work` needs beyond what is resident now.
std::int64_t peak_of(const std::function<void()>& work) {
    malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << "5" << std::flush;  // the peak begins anew
    const std::int64_t before = status_bytes("VmRSS");
    if (status_bytes("VmHWM") > before + (std::int64_t{1} << 20))
        throw std::runtime_error("the kernel does not let a process forget its peak memory");
    work();
    return std::max<std::int64_t>(0, status_bytes("VmHWM") - before);
}

/// The smaller of two: the first one also loads code.
std::int64_t peak_in_this_process(const program& p, const shape& extents, int threads, std::size_t index) {
    // The same lists are made for every shape, so an index means the same contestant in each.
    everybody(p.tiny, threads).at(index).make().run();
    const contestant c = everybody(extents, threads).at(index);
    if (const job first = c.make(); first.start_over) first.start_over();
    std::int64_t peak = std::numeric_limits<std::int64_t>::max();
    for (int i = 0; i < 2; ++i) peak = std::min(peak, peak_of([&] { c.make().run(); }));
    return peak;
}

/// The same in a child, with an answer of −1 if that failed.
std::int64_t peak_in_a_child(const program& p, const shape& extents, int threads, std::size_t index) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    std::cout.flush();
    const pid_t child = fork();
    if (child < 0) throw std::runtime_error("no process");
    std::int64_t bytes = -1;
    if (child == 0) {
        try {
            bytes = peak_in_this_process(p, extents, threads, index);
        } catch (const std::exception& error) {
            std::cerr << p.name << ": " << error.what() << '\n';
        }
        const bool written = write(ends[1], &bytes, sizeof bytes) == sizeof bytes;
        _exit(written ? 0 : 1);
    }
    close(ends[1]);
    if (read(ends[0], &bytes, sizeof bytes) != sizeof bytes) bytes = -1;
    close(ends[0]);
    waitpid(child, nullptr, 0);
    return bytes;
}

}  // namespace

int print_peak_memory(const program& p, const std::vector<shape>& shapes, int threads, int argc, char** argv) {
    std::regex filter("");
    for (int i = 1; i < argc; ++i) {
        constexpr std::string_view flag = "--benchmark_filter=";
        const std::string_view argument = argv[i];
        if (!argument.starts_with(flag)) {
            std::cerr << p.name << ": " << argument << " does not go with --peak_memory\n";
            return 2;
        }
        filter = std::string(argument.substr(flag.size()));
    }
    std::cout << "{";
    const char* separator = "\n";
    for (const shape& extents : shapes) {
        const auto all = everybody(extents, threads);
        for (std::size_t i = 0; i < all.size(); ++i) {
            const std::string name = name_of(all[i], extents, threads);
            if (name.starts_with("bandwidth_") || !std::regex_search(name, filter)) continue;
            const std::int64_t bytes = peak_in_a_child(p, extents, threads, i);
            if (bytes < 0) continue;
            std::cout << separator << "  \"" << name << "\": " << bytes;
            separator = ",\n";
        }
    }
    std::cout << "\n}\n";
    return 0;
}

}  // namespace bench
