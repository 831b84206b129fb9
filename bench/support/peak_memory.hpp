// The memory that a call needs beyond its inputs and outputs.
#pragma once

#include <vector>

#include "bench/support/contest.hpp"

namespace bench {

/// Prints {name: bytes} as JSON, for the contestants that --benchmark_filter=REGEX chooses.
///
/// Each call runs in a process of its own: once on the tiny shape, so that code and libraries are loaded, then on a
/// problem whose arrays have been touched. The bytes are the highest resident memory while the call is prepared (its
/// workspace) and run, less what was resident before; the lesser of two. A result that a peer allocates counts; one
/// written to the caller's buffer does not.
int print_peak_memory(const program& p, const std::vector<shape>& shapes, int threads, int argc, char** argv);

}  // namespace bench
