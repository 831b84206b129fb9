// What the kernel makes of one row. In a translation unit of its own, which may have other flags than the oracle.
#pragma once

#include <reft/core/float16.hpp>

#include <cstdint>

/// What flows back into the row.
struct upstream_gradient {
    double d_log_prob, d_entropy;
};

/// What is known of the chosen token, as float.
struct kernel_result {
    double log_prob, entropy;
};

/// @{
/// A row of n logits at x, the token `id` chosen; writes the gradient to d.
kernel_result row_of_kernel(const float* x, std::int64_t n, std::int64_t id, upstream_gradient, float* d);
kernel_result row_of_kernel(const reft::bfloat16* x, std::int64_t n, std::int64_t id, upstream_gradient,
                            reft::bfloat16* d);
kernel_result row_of_kernel(const reft::half* x, std::int64_t n, std::int64_t id, upstream_gradient, reft::half* d);
/// @}
