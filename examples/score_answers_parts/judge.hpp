// Extracts, runs and compares: the verdicts of some items, in their order.
#pragma once

#include <reft/core/thread_pool.hpp>
#include <reft/reward/answer_reward.hpp>
#include <reft/reward/arithmetic_program.hpp>
#include <reft/reward/comparison.hpp>
#include <reft/reward/extract_presets.hpp>
#include <reft/reward/program_runner.hpp>
#include <reft/text/prose_number.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "../arithmetic_parts/interrupt.hpp"
#include "item.hpp"
#include "settings.hpp"

namespace score_answers {

class judge {
  public:
    explicit judge(const settings& chosen) : chosen_(chosen), pool_(threads_of(chosen)) {}

    /// After an interruption those before the first program that was not run.
    std::vector<verdict> operator()(const std::vector<item>& items) {
        std::vector<verdict> verdicts(items.size());
        std::vector<std::optional<reft::program_result>> results(items.size());
        const auto count = static_cast<std::int64_t>(items.size());
        pool_.run(count, [&](std::int64_t i, int) {
            const auto at = static_cast<std::size_t>(i);
            if (items[at].written_as == format::pcot)
                results[at] = reft::arithmetic_program(items[at].text);
            else
                verdicts[at] = verdict_on(items[at]);
        });
        run_the_others(items, results);
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (results[i]) verdicts[i] = verdict_on(items[i], *results[i]);
            if (!results[i] && items[i].written_as == format::pcot)
                return {verdicts.begin(), verdicts.begin() + static_cast<std::ptrdiff_t>(i)};
        }
        return verdicts;
    }

    /// How programs were run, in words; empty if there were none.
    std::string programs() const {
        if (programs_ == 0) return {};
        std::string text =
            std::to_string(programs_) + " programs, " + std::to_string(by_python_) + " of them run by Python";
        if (runner_) text += " (" + std::string(name(runner_->isolation())) + ")";
        return text;
    }

  private:
    static int threads_of(const settings& chosen) {
        return chosen.threads > 0 ? chosen.threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    }

    /// Python runs what is more than arithmetic; its workers start when the first such program comes.
    void run_the_others(const std::vector<item>& items, std::vector<std::optional<reft::program_result>>& results) {
        std::vector<std::size_t> places;
        std::vector<std::string> programs;
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (items[i].written_as != format::pcot) continue;
            ++programs_;
            if (results[i]) continue;
            places.push_back(i);
            programs.push_back(items[i].text);
        }
        if (programs.empty()) return;
        by_python_ += programs.size();
        if (!runner_) runner_ = std::make_unique<reft::program_runner>(runner_options());
        // A few at a time, so that Ctrl-C does not wait for all that run to their limits.
        const std::size_t few = 4 * static_cast<std::size_t>(threads_of(chosen_));
        for (std::size_t first = 0; first < programs.size() && arithmetic::interrupted == 0; first += few) {
            const std::size_t count = std::min(few, programs.size() - first);
            const auto found = (*runner_)(std::span(programs).subspan(first, count));
            for (std::size_t i = 0; i < count; ++i) results[places[first + i]] = found[i];
        }
    }

    reft::program_runner_options runner_options() const {
        reft::program_runner_options options;
        options.workers = threads_of(chosen_);
        options.cpu_time = std::chrono::seconds(chosen_.timeout);
        options.wall_time = std::chrono::seconds(2 * chosen_.timeout);
        if (chosen_.without_sandbox) options.sandbox = reft::sandbox_use::none_at_my_own_risk;
        return options;
    }

    verdict verdict_on(const item& one) const {
        constexpr reft::answer_format formats[] = {reft::answer_format::ncot, reft::answer_format::ncot,
                                                   reft::answer_format::mcq, reft::answer_format::boxed};
        const reft::answer_options* const options = one.options ? &*one.options : nullptr;
        const auto found =
            reft::extract_answer(one.text, formats[static_cast<int>(one.written_as)], chosen_.preset, options);
        return judged(one, found.found, std::string(name(found.by)), std::string(name(found.reason)));
    }

    verdict verdict_on(const item& one, const reft::program_result& result) const {
        verdict v = judged(one, result.found, "program", std::string(name(result.reason)));
        if (!result.found && result.reason == reft::program_failure::no_sandbox) v.reward.reset();
        return v;
    }

    verdict judged(const item& one, const std::optional<reft::answer>& found, std::string marker,
                   std::string reason) const {
        verdict v{.id = one.id, .written_as = one.written_as};
        if (found) {
            v.answer = found->text;
            v.marker = std::move(marker);
        } else {
            v.reason = std::move(reason);
        }
        const std::optional<reft::answer> gold = gold_of(one);
        if (!gold) {
            v.reason = "gold_not_readable";
            return v;
        }
        v.correct = found && equal(*found, *gold);
        const reft::answer_reward_options rewards;
        v.reward = v.correct ? rewards.right : found ? rewards.wrong : rewards.none;
        return v;
    }

    /// A letter for mcq, else a number if it is one, else a text.
    std::optional<reft::answer> gold_of(const item& one) const {
        const std::string_view gold = reft::detail::stripped(one.gold);
        if (one.written_as == format::mcq) {
            if (chosen_.preset == reft::extraction_preset::mwp_reft)
                return reft::gold_answer(gold, reft::answer_kind::option);
            const reft::answer_options* const options = one.options ? &*one.options : nullptr;
            return reft::option_extractor{options}("answer: " + std::string(gold)).found;
        }
        if (const auto number = reft::gold_answer(gold, reft::answer_kind::number)) return number;
        if (auto stated = reft::extract_answer(gold, reft::answer_format::ncot).found)
            return stated;  // a whole solution
        if (auto number = reft::prose_number_at(gold, 0))
            return reft::answer{reft::answer_kind::number, number->value, number->spelling, number->form};
        return reft::gold_answer(gold, reft::answer_kind::text);
    }

    bool equal(const reft::answer& found, const reft::answer& gold) const {
        if (gold.kind == reft::answer_kind::option) return reft::same_option{}(found, gold);
        if (gold.kind == reft::answer_kind::text)
            return reft::normalised_text::normalised(found.text) == reft::normalised_text::normalised(gold.text);
        const bool paper =
            chosen_.preset == reft::extraction_preset::mwp_reft || chosen_.compared_by == comparison::paper;
        if (paper) return reft::within_absolute{}(found, gold);
        switch (chosen_.compared_by) {
            case comparison::strict: return reft::strict_number{}(found, gold);
            case comparison::given_places: return reft::to_given_places{}(found, gold);
            default: return reft::within_both{}(found, gold);
        }
    }

    settings chosen_;
    reft::thread_pool pool_;
    std::unique_ptr<reft::program_runner> runner_ = nullptr;
    std::size_t programs_ = 0, by_python_ = 0;
};

}  // namespace score_answers
