// Ctrl-C: the first asks the program to stop and to write what it has, the second ends it.
#pragma once

#include <csignal>

namespace arithmetic {

inline volatile std::sig_atomic_t interrupted = 0;

inline void watch_for_interrupts() {
    const auto handler = [](int number) {
        interrupted = 1;
        std::signal(number, SIG_DFL);
    };
    std::signal(SIGINT, handler);
    std::signal(SIGTERM, handler);
}

}  // namespace arithmetic
