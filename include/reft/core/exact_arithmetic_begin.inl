// From here to core/exact_arithmetic_end.inl the arithmetic is what is written, whatever the flags of the program:
// nothing is contracted, and with -ffast-math NaN and infinities exist and sums keep their order. At namespace scope
// of a file, like a pragma.
#if defined(__clang__)
#pragma float_control(precise, on, push)
#pragma clang fp contract(off)
#elif defined(__GNUC__) && !defined(__CUDACC__)
#pragma GCC push_options
#pragma GCC optimize("no-fast-math", "fp-contract=off")
#endif
