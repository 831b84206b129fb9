// Which vector instructions the loops use: asked of the processor once, while the program runs.
#pragma once

#include <reft/core/config.hpp>

#include <atomic>
#include <cstdint>

/// @{
/// 1 where there is code for other instruction sets than that of the compiler's flags. By default where the compiler can
/// make it, but not in builds without optimisation, where it would be slow all the same and take a third of the time
/// to compile. Define it as 0 or 1, for the whole program, to decide otherwise.
#if !defined(REFT_X86_TARGETS)
#if defined(__GNUC__) && defined(__x86_64__) && defined(__OPTIMIZE__) && !defined(__CUDACC__)
#define REFT_X86_TARGETS 1
#else
#define REFT_X86_TARGETS 0
#endif
#endif
#if REFT_X86_TARGETS
#include <cpuid.h>
#endif
/// @}

namespace reft::inline REFT_ABI {

/// Vector instructions, from those every machine has to the widest.
enum class instruction_set {
    portable,  ///< what every machine of its kind has: SSE2 on x86-64, NEON on aarch64
    avx2,      ///< 256 bits, with FMA and F16C
    avx512,    ///< 512 bits: F, BW, DQ and VL
};

namespace detail {

/// What processor and operating system offer.
inline instruction_set widest_instruction_set() {
#if REFT_X86_TARGETS
    __builtin_cpu_init();
    unsigned a = 0, b = 0, c = 0, d = 0;
    const bool f16c = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
    if (!f16c || !__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return instruction_set::portable;
    const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return wide ? instruction_set::avx512 : instruction_set::avx2;
#else
    return instruction_set::portable;
#endif
}

// Before it is initialised it is `portable`, which is right everywhere.
inline std::atomic<instruction_set> chosen_instruction_set{widest_instruction_set()};

}  // namespace detail

/// The instructions that the loops use: the widest that the machine has, if no other were asked for.
inline instruction_set instruction_set_in_use() {
    return detail::chosen_instruction_set.load(std::memory_order_relaxed);
}

/// Makes the loops use at most these instructions, for the whole program. For results that have the same bits on
/// machines of different ages: results depend on the instructions, and otherwise on exp2, log and log1p of the C
/// library alone.
///
/// Not while a kernel runs. Returns what is used from now on: less than `most` if the machine has less.
inline instruction_set use_at_most(instruction_set most) {
    const instruction_set widest = detail::widest_instruction_set();
    const instruction_set now = most < widest ? most : widest;
    detail::chosen_instruction_set.store(now, std::memory_order_relaxed);
    return now;
}

}  // namespace reft::inline REFT_ABI

/// A call of a function that core/each_instruction_set.inl made for every instruction set, of the one in use:
/// `return REFT_ON_THIS_MACHINE(sum(x, n));`, inside namespace reft::detail.
#if REFT_X86_TARGETS
#define REFT_ON_THIS_MACHINE(...)                                              \
    (instruction_set_in_use() == instruction_set::avx512 ? avx512::__VA_ARGS__ \
     : instruction_set_in_use() == instruction_set::avx2 ? avx2::__VA_ARGS__   \
                                                         : portable::__VA_ARGS__)
#else
#define REFT_ON_THIS_MACHINE(...) portable::__VA_ARGS__
#endif
