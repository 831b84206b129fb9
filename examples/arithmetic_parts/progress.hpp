// How far the work is: a bar on a terminal, a plain line every now and then in a pipe.
#pragma once

#include <cstdio>
#include <string>
#include <utility>

#include <unistd.h>

namespace arithmetic {

/// Writes to stderr, so that a redirected table stays a table.
class progress {
  public:
    explicit progress(std::string title) : title_(std::move(title)), on_terminal_(isatty(fileno(stderr)) != 0) {}
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;
    ~progress() {
        if (on_terminal_) std::fputs("\r\033[K", stderr);
    }

    /// `share` of the work is done; `note` is shown beside it.
    void show(double share, const std::string& note) {
        if (on_terminal_) {
            const int width = 30, filled = static_cast<int>(share * width);
            std::string bar;
            for (int i = 0; i < width; ++i) bar += i < filled ? "█" : "░";
            std::fprintf(stderr, "\r\033[K%-22s %s %3.0f %%  %s", title_.c_str(), bar.c_str(), 100 * share,
                         note.c_str());
        } else if (share >= next_line_) {
            std::fprintf(stderr, "%-22s %3.0f %%  %s\n", title_.c_str(), 100 * share, note.c_str());
            while (next_line_ <= share) next_line_ += 0.25;
        }
        std::fflush(stderr);
    }

  private:
    std::string title_;
    bool on_terminal_;
    double next_line_ = 0.25;  // where the next plain line is due
};

}  // namespace arithmetic
