// Includes the file REFT_LOOPS once for every instruction set, so that the machine can choose while the program runs.
// Included again by every header that has such loops: no #pragma once.
//
// In that file
//   REFT_SIMD         is the name of the instruction set and of the namespace: open `detail::REFT_SIMD`
//   REFT_SIMD_BYTES   is the size of a vector
//   REFT_SIMD_LOOP    stands before every function that is called from outside
//   REFT_SIMD_INLINE  stands before every other one
// Lambdas do not inherit the instruction set from the function around them: there are none in such a file.
//
// The arithmetic is what is written, whatever the flags of the program: nothing is contracted, and with -ffast-math
// NaN and infinities exist and sums keep their order. clang gives the intrinsics of its headers the flags of the
// program all the same, so additions and multiplications are written with operators.
#if defined(__clang__)
#pragma float_control(precise, on, push)
#pragma clang fp contract(off)
#elif defined(__GNUC__)
#pragma GCC diagnostic push
// GCC's intrinsics begin with vectors that are not initialised.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC push_options
#pragma GCC optimize("no-fast-math", "fp-contract=off")
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

#define REFT_SIMD portable
#define REFT_SIMD_BYTES 16
#define REFT_SIMD_LOOP REFT_NOINLINE
#define REFT_SIMD_INLINE __attribute__((always_inline)) inline
#include REFT_LOOPS
#undef REFT_SIMD
#undef REFT_SIMD_BYTES
#undef REFT_SIMD_LOOP
#undef REFT_SIMD_INLINE

#if defined(__clang__)
#pragma float_control(pop)
#elif defined(__GNUC__)
#pragma GCC pop_options
#pragma GCC diagnostic pop
#endif
#undef REFT_LOOPS
