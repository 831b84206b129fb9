// The version, the inline ABI namespace and the device marker. Macros only; included by every other header.
#pragma once

/// @{
/// The version, for preprocessor conditions. Before 1.0 a new minor version may change what exists.
#define REFT_VERSION_MAJOR 0
#define REFT_VERSION_MINOR 1
#define REFT_VERSION_PATCH 0
/// @}

/// Inline namespace of everything public: two incompatible versions can live in one program.
#define REFT_ABI v0_1

/// Inline namespace of the loops in `detail` and of the reference transformer: translation units built with different
/// machine flags may be linked together, and each keeps its own copy of the code that profits from its flags. The
/// small functions around the loops do not carry it, like those of the standard library: a program that must also
/// run on an older machine should keep the flags of a unit that it calls there to that machine's.
#if defined(__AVX512F__)
#define REFT_ISA isa_avx512
#elif defined(__AVX2__) && defined(__FMA__)
#define REFT_ISA isa_avx2_fma
#elif defined(__AVX2__)
#define REFT_ISA isa_avx2
#elif defined(__AVX__)
#define REFT_ISA isa_avx
#else
#define REFT_ISA isa_baseline
#endif

/// Marks what also compiles for a GPU: the token losses and the views they read.
#if defined(__CUDACC__)
#define REFT_HD __host__ __device__
#else
#define REFT_HD
#endif

/// Marks a type whose objects may lie in memory that the program wrote as another type of the same layout.
#if defined(__GNUC__)
#define REFT_MAY_ALIAS __attribute__((may_alias))
#else
#define REFT_MAY_ALIAS
#endif

/// Keeps a loop's machine code in one place, so that two callers get the same bits from it.
#if defined(__GNUC__)
#define REFT_NOINLINE __attribute__((noinline))
#else
#define REFT_NOINLINE
#endif
