// The lines of a file or a pipe; a broken one is counted and does not stop the rest.
#pragma once

#include <cstdint>
#include <fstream>
#include <istream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "../arithmetic_parts/progress.hpp"
#include "item.hpp"
#include "tally.hpp"

namespace score_answers {

class lines {
  public:
    /// Shows progress on a terminal, for a file whose size is known.
    lines(std::istream& in, std::string name) : in_(in), name_(std::move(name)) {
        if (name_ == "-" || isatty(fileno(stderr)) == 0) return;
        in_.seekg(0, std::ios::end);
        size_ = static_cast<double>(in_.tellg());
        in_.clear();
        in_.seekg(0);
        if (size_ > 0) bar_.emplace("scoring");
    }

    bool ended() const { return ended_; }

    /// The items of the next lines, `most` of them at the most.
    std::vector<item> next(std::size_t most, tally& counts) {
        std::vector<item> items;
        std::string line;
        while (items.size() < most) {
            if (!std::getline(in_, line)) {
                ended_ = true;
                break;
            }
            ++number_;
            read_ += static_cast<double>(line.size()) + 1;
            if (number_ == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);
            if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
            try {
                items.push_back(item_of(nlohmann::json::parse(line)));
            } catch (const nlohmann::json::exception& e) {
                counts.add_broken(place() + e.what());
            } catch (const reft::error& e) {
                counts.add_broken(place() + e.what());
            }
        }
        return items;
    }

    void show_progress() {
        if (bar_) bar_->show(read_ / size_, std::to_string(number_) + " lines");
    }

  private:
    std::string place() const {
        return (name_ == "-" ? std::string("standard input") : name_) + ":" + std::to_string(number_) + ": ";
    }

    std::istream& in_;
    std::string name_;
    std::int64_t number_ = 0;
    double read_ = 0, size_ = 0;
    bool ended_ = false;
    std::optional<arithmetic::progress> bar_ = std::nullopt;
};

}  // namespace score_answers
