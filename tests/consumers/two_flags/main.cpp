// Two parts built with different machine flags, linked into one program: both give the same advantages, and the
// baseline part stays usable where the vector part is not.
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <vector>

std::vector<double> baseline_advantages();
std::vector<double> vector_advantages();

int main() {
    const std::vector<double> baseline = baseline_advantages();
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) {
        std::puts("no AVX2 here: only the baseline part ran");
        return 0;
    }
#endif
    const std::vector<double> vector = vector_advantages();
    if (baseline.empty() || baseline.size() != vector.size()) return 1;
    for (std::size_t i = 0; i < baseline.size(); ++i)
        if (!(std::abs(baseline[i] - vector[i]) <= 1e-6)) {
            std::printf("advantage %zu: %.17g and %.17g\n", i, baseline[i], vector[i]);
            return 1;
        }
}
