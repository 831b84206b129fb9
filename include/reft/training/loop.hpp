// The outer loop of a run: batches of questions in random order, until somebody says enough.
#pragma once

#include <reft/core/function_ref.hpp>
#include <reft/reward/answer_reward.hpp>
#include <reft/training/batches.hpp>
#include <reft/training/reft_metrics.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace reft::inline REFT_ABI {

/// What the caller says after a step.
enum class after_step { go_on, stop };

/// Takes up to `steps` steps of `trainer`, each on the next `questions_per_step` questions, and hands the metrics of
/// every step to `hook`, which may stop the run. Returns the number of steps taken.
///
/// `order` is the caller's, so that a run can be continued where another one ended.
template <class Trainer>
std::int64_t train(Trainer& trainer, std::span<const question> questions, shuffled_epochs& order,
                   std::int64_t questions_per_step, std::int64_t steps,
                   function_ref<after_step(const reft_metrics&)> hook) {
    for (std::int64_t step = 0; step < steps; ++step) {
        const std::vector<question> batch = elements_at(questions, order.next(questions_per_step));
        if (hook(trainer.step(batch)) == after_step::stop) return step + 1;
    }
    return steps;
}

}  // namespace reft::inline REFT_ABI
