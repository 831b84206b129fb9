// Includes the file REFT_LOOPS once, for the instructions that every machine of its kind has; see
// core/each_instruction_set.inl. Enough for loops that wait for memory, and a third to compile.
#include <reft/core/exact_arithmetic_begin.inl>

#if defined(__CUDACC__)
#define REFT_UNROLL
#else
#define REFT_UNROLL _Pragma("GCC unroll 8")
#endif

#define REFT_SIMD portable
#define REFT_SIMD_BYTES 16
#define REFT_SIMD_LOOP REFT_NOINLINE
#if defined(__OPTIMIZE__)
#define REFT_SIMD_INLINE __attribute__((always_inline)) inline
#else  // a function is compiled once, not once per call
#define REFT_SIMD_INLINE inline
#endif
#include REFT_LOOPS
#undef REFT_SIMD
#undef REFT_SIMD_BYTES
#undef REFT_SIMD_LOOP
#undef REFT_SIMD_INLINE

#undef REFT_UNROLL
#include <reft/core/exact_arithmetic_end.inl>
#undef REFT_LOOPS
