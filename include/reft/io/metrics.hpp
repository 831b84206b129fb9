// Metrics as JSON lines. Needs nlohmann/json; target reft::io.
#pragma once

#include <reft/core/error.hpp>
#include <reft/training/evaluation.hpp>
#include <reft/training/phase_clock.hpp>
#include <reft/training/reft_metrics.hpp>
#include <reft/training/sft.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>
#include <string>

namespace reft::inline REFT_ABI {

/// An object with the fields of the struct under their names, in their order. Numbers that are not finite become null
/// when it is written.
inline nlohmann::ordered_json to_json(const reft_metrics& m) {
    return {{"step", m.step},
            {"responses", m.responses},
            {"judged", m.judged},
            {"reward", m.reward},
            {"accuracy", m.accuracy},
            {"answered", m.answered},
            {"truncated", m.truncated},
            {"response_length", m.response_length},
            {"kl_reward", m.kl_reward},
            {"sequence_kl", m.sequence_kl},
            {"kl_k1", m.kl_k1},
            {"kl_k3", m.kl_k3},
            {"kl_coef", m.kl_coef},
            {"entropy", m.entropy},
            {"explained_variance", m.explained_variance},
            {"policy_loss", m.policy_loss},
            {"value_loss", m.value_loss},
            {"ratio", m.ratio},
            {"clip_fraction", m.clip_fraction},
            {"old_kl_k3", m.old_kl_k3},
            {"gradient_norm", m.gradient_norm},
            {"critic_gradient_norm", m.critic_gradient_norm},
            {"learning_rate", m.learning_rate},
            {"updates", m.updates},
            {"stopped_early", m.stopped_early},
            {"stopped_at_kl", m.stopped_at_kl},
            {"optimizer_steps", m.optimizer_steps},
            {"token_passes", m.token_passes}};
}

/// The same of a step of supervised fine-tuning.
inline nlohmann::ordered_json to_json(const sft_metrics& m) {
    return {{"step", m.step},
            {"loss", m.loss},
            {"gradient_norm", m.gradient_norm},
            {"learning_rate", m.learning_rate},
            {"tokens", m.tokens},
            {"token_passes", m.token_passes}};
}

/// Seconds and positions, and the two rates made of them.
inline nlohmann::ordered_json to_json(const phase_time& t) {
    return {{"wall_seconds", t.wall_seconds},
            {"cpu_seconds", t.cpu_seconds},
            {"positions", t.positions},
            {"positions_per_second", t.positions_per_second()},
            {"cpu_share", t.cpu_share()}};
}

/// Depends on the clock: keep it in another file than the metrics, which do not.
inline nlohmann::ordered_json to_json(const reft_timing& t) {
    return {{"sample", to_json(t.sample)},
            {"judge", to_json(t.judge)},
            {"score", to_json(t.score)},
            {"update", to_json(t.update)}};
}

/// What an evaluation found.
inline nlohmann::ordered_json to_json(const evaluation& e) {
    return {{"questions", e.questions},
            {"accuracy", e.accuracy},
            {"answered", e.answered},
            {"truncated", e.truncated},
            {"response_length", e.response_length}};
}

/// A file of JSON objects, one per line, written as they come. Numbers that are not finite become null.
class json_lines {
  public:
    /// Throws file_error if the file cannot be opened for writing.
    explicit json_lines(const std::string& path) : path_(path), file_(path, std::ios::trunc) {
        if (!file_) throw file_error("json_lines: " + path + " cannot be opened for writing");
    }

    /// Throws file_error if the line cannot be written (a full disk).
    void write(const nlohmann::ordered_json& object) {
        file_ << object.dump() << '\n' << std::flush;
        if (!file_) throw file_error("json_lines: writing to " + path_ + " failed");
    }

  private:
    std::string path_;
    std::ofstream file_;
};

}  // namespace reft::inline REFT_ABI
