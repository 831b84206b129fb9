// How long each phase of a step takes, and how many processors it keeps busy. Depends on the clock, so it is kept apart
// from the metrics that do not.
#pragma once

#include <reft/core/config.hpp>

#include <chrono>
#include <cstdint>
#include <ctime>

namespace reft::inline REFT_ABI {

/// How long something took.
struct phase_time {
    double wall_seconds = 0;     ///< by the clock on the wall
    double cpu_seconds = 0;      ///< of all threads of the process
    std::int64_t positions = 0;  ///< token positions that went through a policy

    /// 0 where no time has passed.
    double positions_per_second() const {
        return wall_seconds > 0 ? static_cast<double>(positions) / wall_seconds : 0.0;
    }
    /// Processors kept busy.
    double cpu_share() const { return wall_seconds > 0 ? cpu_seconds / wall_seconds : 0.0; }

    /// Adds another span of time, and what was done in it.
    void add(const phase_time& other) {
        wall_seconds += other.wall_seconds;
        cpu_seconds += other.cpu_seconds;
        positions += other.positions;
    }
    /// What was added after `before`, an earlier copy.
    phase_time since(const phase_time& before) const {
        return {wall_seconds - before.wall_seconds, cpu_seconds - before.cpu_seconds, positions - before.positions};
    }
};

/// The phases of a step of ReFT.
struct reft_timing {
    phase_time sample = {};  ///< responses of the policy
    phase_time judge = {};   ///< their rewards
    phase_time score = {};   ///< log-probs and values of policy, reference and critic, and what follows from them
    phase_time update = {};  ///< the optimiser steps

    /// Adds the times of another step, phase by phase.
    void add(const reft_timing& other) {
        sample.add(other.sample);
        judge.add(other.judge);
        score.add(other.score);
        update.add(other.update);
    }
    /// What was added after `before`, an earlier copy: the times of a step, say.
    reft_timing since(const reft_timing& before) const {
        return {sample.since(before.sample), judge.since(before.judge), score.since(before.score),
                update.since(before.update)};
    }
};

/// Adds the time between its construction and its end to a phase.
class phase_clock {
  public:
    /// Starts; the phase must outlive it.
    explicit phase_clock(phase_time& phase) : phase_(phase), wall_(clock::now()), cpu_(std::clock()) {}
    phase_clock(const phase_clock&) = delete;
    phase_clock& operator=(const phase_clock&) = delete;
    ~phase_clock() {
        phase_.wall_seconds += std::chrono::duration<double>(clock::now() - wall_).count();
        phase_.cpu_seconds += static_cast<double>(std::clock() - cpu_) / CLOCKS_PER_SEC;
    }

  private:
    using clock = std::chrono::steady_clock;
    phase_time& phase_;
    clock::time_point wall_;
    std::clock_t cpu_;
};

}  // namespace reft::inline REFT_ABI
