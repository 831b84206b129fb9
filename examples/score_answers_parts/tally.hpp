// How many answers were right, by format, and why others earned less.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "item.hpp"

namespace score_answers {

class tally {
  public:
    void add(const verdict& v) {
        counts& of = by_format_[static_cast<std::size_t>(v.written_as)];
        ++of.all;
        of.right += v.correct;
        of.none += !v.answer;
        of.no_verdict += !v.reward;
        of.reward += v.reward.value_or(0);
        if (!v.reason.empty()) ++reasons_[v.reason];
    }

    void add_broken(std::string message) {
        constexpr std::size_t shown = 5;
        if (messages_.size() < shown) messages_.push_back(std::move(message));
        ++broken_;
    }

    void print(std::ostream& out, const std::string& programs) const {
        out << "format   answers    right    wrong     none  no verdict  mean reward\n";
        counts sum;
        for (std::size_t i = 0; i < 4; ++i) {
            if (by_format_[i].all > 0) print_row(out, format_names[i], by_format_[i]);
            sum.merge(by_format_[i]);
        }
        print_row(out, "all", sum);
        for (const auto& [reason, n] : reasons_) out << "  " << n << " without an answer: " << reason << '\n';
        if (!programs.empty()) out << programs << '\n';
        if (broken_ > 0) out << broken_ << " broken " << (broken_ == 1 ? "line was" : "lines were") << " left out:\n";
        for (const std::string& message : messages_) out << "  " << message << '\n';
    }

  private:
    struct counts {
        std::int64_t all = 0, right = 0, none = 0, no_verdict = 0;
        double reward = 0;

        void merge(const counts& o) {
            all += o.all;
            right += o.right;
            none += o.none;
            no_verdict += o.no_verdict;
            reward += o.reward;
        }
    };

    static void print_row(std::ostream& out, const char* name, const counts& of) {
        const auto judged = static_cast<double>(of.all - of.no_verdict);
        char row[120];
        std::snprintf(row, sizeof row, "%-6s %9lld %8lld %8lld %8lld %11lld %12.4f\n", name,
                      static_cast<long long>(of.all), static_cast<long long>(of.right),
                      static_cast<long long>(of.all - of.right - of.none), static_cast<long long>(of.none),
                      static_cast<long long>(of.no_verdict), judged > 0 ? of.reward / judged : 0.0);
        out << row;
    }

    counts by_format_[4];
    std::map<std::string, std::int64_t> reasons_;
    std::int64_t broken_ = 0;
    std::vector<std::string> messages_;
};

}  // namespace score_answers
