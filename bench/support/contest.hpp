// Kernels and their peers, measured by turns in one process.
//
// A program registers its contestants for a shape; Google Benchmark runs them, with --benchmark_enable_random_
// interleaving in a random order. Names are kernel/who/dtype/shape/threads:N, `who` being reft or a peer.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace bench {

/// Extents of a problem; the last ones are the vocabulary (and the width).
using shape = std::vector<std::int64_t>;

/// What a call computed, by name, for the comparison of peers.
using answers = std::map<std::string, std::vector<double>>;

/// A call that can be repeated.
struct job {
    std::function<void()> run;
    std::function<answers()> result;   ///< what the last run computed; absent: there is nothing to check
    std::function<void()> start_over;  ///< brings back the input of the first run; absent: nothing overwrites it
};

/// The bandwidth that a kernel is held against.
enum class reference { read, scale, copy };

struct contestant {
    std::string kernel, who, dtype;
    std::int64_t tokens = 0;  ///< that one run works on
    std::int64_t bytes = 0;   ///< that must pass between memory and processor at the least
    reference against = reference::copy;
    std::function<job()> make;  ///< allocates what the call needs
};

/// What a program measures.
struct program {
    std::string name;
    std::vector<shape> shapes;  ///< those measured without --shape
    shape tiny;                 ///< runs every path once before memory is measured
};

/// Adds the contestants of one source file for a shape, to be run with that many threads.
using contestants = std::vector<contestant> (*)(const shape&, int threads);

/// Makes them known to the program, by an initialiser of namespace scope: the program's peers are those that could be
/// built. `library` is reft or that of the peer; `describe` adds to the context of the results.
bool enter(const std::string& library, contestants list, void (*describe)() = nullptr);

/// The program's main: flags, settings, checks, Google Benchmark.
///
///   --shape=2048x32000       instead of the program's own shapes; may be repeated
///   --threads=2              measured by wall time
///   --pages=2M               buffers in huge pages
///   --setting=default        LibTorch as it comes, instead of its fastest settings
///   --peak_memory            instead of times, the bytes that each call needs beyond inputs and outputs, as JSON
int run(const program& p, int argc, char** argv);

/// kernel/who/dtype/shape/threads:N
std::string name_of(const contestant& c, const shape& extents, int threads);

/// Everybody who entered, for a shape.
std::vector<contestant> everybody(const shape& extents, int threads);

/// 2048x4096
std::string text_of(const shape& extents);

/// The problem of a shape, made once. Only the last one is kept: they are large.
template <class Problem>
Problem& problem_of(const shape& extents) {
    static std::unique_ptr<Problem> kept;
    static shape kept_shape;
    if (!kept || kept_shape != extents) {
        kept.reset();
        kept = std::make_unique<Problem>(extents);
        kept_shape = extents;
    }
    return *kept;
}

}  // namespace bench
