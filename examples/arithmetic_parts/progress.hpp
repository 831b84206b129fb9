// How far the work is: a bar on a terminal, a plain line every now and then in a pipe.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

#include <sys/ioctl.h>
#include <unistd.h>

namespace arithmetic {

/// Writes to stderr, so that a redirected table stays a table.
class progress {
  public:
    explicit progress(std::string title) : title_(std::move(title)), on_terminal_(isatty(fileno(stderr)) != 0) {}
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;
    /// On a terminal the bar becomes a plain line.
    ~progress() {
        if (on_terminal_ && !note_.empty()) std::fprintf(stderr, "\r\033[K%s\n", line_of(last_share_).c_str());
    }

    /// `share` of the work is done; `note` is shown beside it.
    void show(double share, const std::string& note) {
        note_ = note;
        last_share_ = share;
        if (on_terminal_) {
            std::fprintf(stderr, "\r\033[K%s", bar_of(share).c_str());
        } else if (share >= next_line_) {
            std::fprintf(stderr, "%s\n", line_of(share).c_str());
            while (next_line_ <= share) next_line_ += 0.25;
        }
        std::fflush(stderr);
    }

  private:
    std::string line_of(double share) const {
        char head[80];
        std::snprintf(head, sizeof head, "%-21.40s %3.0f %%  ", title_.c_str(), 100 * share);
        return head + note_;
    }

    /// The line with a bar in the middle, as wide as the terminal allows, and the time that is left.
    std::string bar_of(double share) const {
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - begin_;
        const int left = share > 0 ? static_cast<int>(passed.count() * (1 - share) / share + 0.5) : 0;
        char head[80], tail[32];
        std::snprintf(head, sizeof head, "%-21.40s ", title_.c_str());
        std::snprintf(tail, sizeof tail, " %3.0f %% %2d:%02d left", 100 * share, left / 60, left % 60);
        const int others = static_cast<int>(std::string(head).size() + std::string(tail).size() + 2 + note_.size());
        const int width = std::clamp(columns() - 1 - others, 0, 30), filled = static_cast<int>(share * width);
        std::string bar;
        for (int i = 0; i < width; ++i) bar += i < filled ? "█" : "░";
        const int room = columns() - 1 - (others - static_cast<int>(note_.size()) + width);
        return head + bar + tail + "  " + note_.substr(0, static_cast<std::size_t>(std::max(0, room)));
    }

    static int columns() {
        winsize size{};
        return ioctl(fileno(stderr), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
    }

    std::string title_, note_ = {};
    bool on_terminal_;
    double next_line_ = 0.25, last_share_ = 0;  // where the next plain line is due
    std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

}  // namespace arithmetic
