// Two parts built with different machine flags, linked into one program. Each keeps its own copy of the loops, and both
// give the same numbers:
//
//   gae, whiten       the same bits, since each is one chain of operations in the order of the tokens, unless the
//                     compiler may contract a·b + c to one rounding where the machine has it (CONTRACTED)
//   loss_over_logits  to rounding: a row of logits may be summed in vectors, which are wider on one machine
#include "numbers.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdio>

namespace {

bool all_equal = true;

/// `tolerance` is relative to the largest number; 0 asks for the same bits.
template <class T>
void compare(const char* what, const std::vector<T>& a, const std::vector<T>& b, double tolerance) {
    double largest = 0, difference = a.size() == b.size() ? 0 : HUGE_VAL;
    for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
        largest = std::max(largest, std::abs(static_cast<double>(a[i])));
        difference = std::max(difference, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
    }
    std::printf("%-16s %zu numbers, largest %.3g, largest difference %.3g\n", what, a.size(), largest, difference);
    if (a.empty() || !(largest > 0) || !(difference <= tolerance * largest)) all_equal = false;
}

}  // namespace

int main() {
    const numbers baseline = baseline_numbers();
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
        std::puts("no AVX2 here: only the baseline part ran");
        return 0;
    }
#endif
    const numbers vector = vector_numbers();
    const double chain = CONTRACTED ? 1e-13 : 0;
    compare("gae", baseline.advantages, vector.advantages, chain);
    compare("whiten", baseline.whitened, vector.whitened, chain);
    compare("d_logits", baseline.d_logits, vector.d_logits, 1e-13);
    compare("d_logits, float", baseline.d_logits_f, vector.d_logits_f, 2e-6);
    compare("loss", std::vector{baseline.loss}, std::vector{vector.loss}, 1e-13);
    compare("loss, float", std::vector{baseline.loss_f}, std::vector{vector.loss_f}, 2e-6);
    return all_equal ? 0 : 1;
}
