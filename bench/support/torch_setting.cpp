#include "bench/support/torch_setting.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace bench {
namespace {

/// LibTorch believes ATEN_CPU_CAPABILITY without asking the processor.
bool has_avx512() {
#ifdef __x86_64__
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

}  // namespace

void restart_with(const std::string& setting, bool huge_pages, char** argv) {
    if (std::getenv("REFT_BENCH_SETTING")) return;
    setenv("REFT_BENCH_SETTING", setting.c_str(), 1);
    setenv("REFT_BENCH_PAGES", huge_pages ? "2M" : "4k", 1);
    setenv("OMP_WAIT_POLICY", "passive", 0);
    if (huge_pages) setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 0);
    if (setting == "tuned") {
        setenv("MALLOC_MMAP_MAX_", "0", 0);
        setenv("MALLOC_TRIM_THRESHOLD_", "20000000000", 0);
        if (has_avx512()) setenv("ATEN_CPU_CAPABILITY", "avx512", 0);
    }
    execv("/proc/self/exe", argv);
    std::perror("not restarted, LibTorch runs with the settings of the caller");
}

std::string settings_in_force() {
    std::string text;
    for (const char* name :
         {"ATEN_CPU_CAPABILITY", "MALLOC_MMAP_MAX_", "MALLOC_TRIM_THRESHOLD_", "OMP_WAIT_POLICY", "GLIBC_TUNABLES"})
        if (const char* value = std::getenv(name)) text += std::string(text.empty() ? "" : " ") + name + "=" + value;
    return text;
}

}  // namespace bench
