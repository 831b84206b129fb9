// Includes the file REFT_LOOPS once for every instruction set, so that the machine can choose while the program runs.
// Included again by every header that has such loops: no #pragma once.
//
// In that file
//   REFT_SIMD         is the name of the instruction set and of the namespace: open `detail::REFT_SIMD`
//   REFT_SIMD_BYTES   is the size of a vector
//   REFT_SIMD_LOOP    stands before every function that is called from outside
//   REFT_SIMD_INLINE  stands before every other one
//   REFT_UNROLL       stands before a loop over vectors that live in registers, at most 8 turns
// Lambdas do not inherit the instruction set from the function around them: there are none in such a file.
//
// The arithmetic is exact, see the file below. Additions and multiplications are written with operators: what clang's
// own headers are made of has the flags of the program all the same.
#include <reft/core/exact_arithmetic_begin.inl>

#if defined(__CUDACC__)
#define REFT_UNROLL
#else
#define REFT_UNROLL _Pragma("GCC unroll 8")
#endif

#if REFT_X86_TARGETS

#define REFT_SIMD avx512
#define REFT_SIMD_BYTES 64
#define REFT_TARGET __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,f16c")))
#define REFT_SIMD_LOOP REFT_TARGET REFT_NOINLINE
#define REFT_SIMD_INLINE REFT_TARGET __attribute__((always_inline)) inline
#include REFT_LOOPS
#undef REFT_SIMD
#undef REFT_SIMD_BYTES
#undef REFT_TARGET

#define REFT_SIMD avx2
#define REFT_SIMD_BYTES 32
#define REFT_TARGET __attribute__((target("avx2,fma,f16c")))
#include REFT_LOOPS
#undef REFT_SIMD
#undef REFT_SIMD_BYTES
#undef REFT_TARGET
#undef REFT_SIMD_LOOP
#undef REFT_SIMD_INLINE

#endif

#undef REFT_UNROLL
#include <reft/core/exact_arithmetic_end.inl>

#include <reft/core/portable_instruction_set.inl>
