// What the memory can do at best: the references that kernels are held against, on the kernels' own buffers.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bench/support/contest.hpp"

namespace bench {

/// Contestants named bandwidth_read, bandwidth_scale and bandwidth_copy: reading `bytes` of `from`, multiplying them
/// by 1 in place in `scaled`, copying them from `from` to `to`. The best of each kind is the reference. Only whole
/// lines of 512 bytes are moved. Multiplying takes the bytes as float.
std::vector<contestant> bandwidth(const std::string& dtype, int threads, std::function<const void*()> from,
                                  std::function<void*()> scaled, std::function<void*()> to, std::size_t bytes);

}  // namespace bench
