// A progress bar on a terminal, nothing in a pipe.
#pragma once

#include <cstdio>
#include <string>
#include <utility>

#include <unistd.h>

namespace arithmetic {

class progress {
  public:
    explicit progress(std::string title) : title_(std::move(title)), on_terminal_(isatty(fileno(stderr)) != 0) {}
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;
    ~progress() {
        if (on_terminal_) std::fputs("\r\033[K", stderr);
    }

    /// `share` of the work is done; `note` is shown beside the bar.
    void show(double share, const std::string& note) const {
        if (!on_terminal_) return;
        const int width = 30, filled = static_cast<int>(share * width);
        std::string bar;
        for (int i = 0; i < width; ++i) bar += i < filled ? "█" : "░";
        std::fprintf(stderr, "\r\033[K%-14s %s %3.0f %%  %s", title_.c_str(), bar.c_str(), 100 * share, note.c_str());
        std::fflush(stderr);
    }

  private:
    std::string title_;
    bool on_terminal_;
};

}  // namespace arithmetic
