// What all ways of training share: the problems, how they are written and judged, and where measurements go.
#pragma once

#include <reft/core/thread_pool.hpp>
#include <reft/io/metrics.hpp>
#include <reft/models/transformer.hpp>
#include <reft/reward/extract.hpp>
#include <reft/training/evaluation.hpp>
#include <reft/training/phase_clock.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "problems.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "settings.hpp"

namespace arithmetic {

struct task {
    const settings& s;
    std::string annotations;
    arithmetic::data data;
    reft::json_lines &log, &timing;
    reft::char_tokenizer tokens = tokenizer();
    reft::prompt_template form = prompt_form();
    reft::answer_reward<reft::trigger_extractor, reft::within_absolute> reward{
        {.reasoning_trigger = form.reasoning_trigger, .answer_trigger = form.answer_trigger}, {}};

    /// A transformer of random weights that is large enough for the task.
    model new_policy(reft::thread_pool& pool) const {
        return {{.vocabulary = tokens.vocabulary_size(),
                 .width = 64,
                 .layers = 2,
                 .heads = 4,
                 .kv_heads = 4,
                 .hidden = 176,
                 .max_length = 128},
                s.seed,
                pool};
    }
    reft::generation_request request(bool greedy) const {
        return {
            .sampling = {.greedy = greedy}, .max_new_tokens = 64, .stop = {tokens.end_of_sequence()}, .seed = s.seed};
    }
    reft::evaluation evaluate(model& policy, const std::vector<reft::question>& questions, bool greedy) {
        return reft::evaluate_answers(policy, std::span<const reft::question>(questions), tokens, form, reward,
                                      request(greedy));
    }
    /// Token passes of one epoch of SFT: every position goes forward and backward.
    std::int64_t passes_of_epoch() const {
        std::int64_t positions = 0;
        for (const reft::sft_example& e : data.annotations)
            positions += static_cast<std::int64_t>(e.prompt.size() + e.response.size());
        return 2 * positions;
    }
};

/// Follows a way of training: shows how far it is, writes every step's metrics, and measures the policy on the
/// development questions at equal shares of the work and at its end.
class recorder {
  public:
    recorder(task& t, model& policy, result& r, int measurements)
        : task_(t), policy_(policy), result_(r), measurements_(measurements), bar_(t.annotations + ", " + r.method) {}

    /// After every step: `share` of the work is done, with these token passes; `when` names the step.
    void step(double share, std::int64_t token_passes, const std::string& when, nlohmann::ordered_json metrics,
              const std::string& note) {
        task_.log.write({{"annotations", task_.annotations}, {"method", result_.method}, {"train", metrics}});
        last_passes_ = token_passes;
        last_when_ = when;
        const int due = static_cast<int>(share * measurements_ + 1e-9);
        if (due > measured_) measure();
        measured_ = due;
        bar_.show(share, note + "  dev " + percent(result_.best_dev()));
    }

    /// The policy's phases are over; the policy as it is now has been measured.
    void done(std::vector<std::pair<std::string, reft::phase_time>> phases) {
        if (last_passes_ > measured_passes_) measure();
        result_.phases = std::move(phases);
        result_.phases.emplace_back("measure", measuring_);
        for (const auto& [name, time] : result_.phases) {
            result_.seconds += time.wall_seconds;
            task_.timing.write({{"annotations", task_.annotations},
                                {"method", result_.method},
                                {"phase", name},
                                {"time", reft::to_json(time)}});
        }
    }

  private:
    void measure() {
        const reft::phase_clock clock(measuring_);
        const reft::evaluation dev = task_.evaluate(policy_, task_.data.dev, true);
        measuring_.positions += dev.tokens;
        result_.add({static_cast<double>(last_passes_), last_when_, dev}, policy_);
        task_.log.write({{"annotations", task_.annotations},
                         {"method", result_.method},
                         {"when", last_when_},
                         {"token_passes", last_passes_},
                         {"dev", reft::to_json(dev)}});
        measured_passes_ = last_passes_;
    }

    task& task_;
    model& policy_;
    result& result_;
    int measurements_, measured_ = 0;
    std::int64_t last_passes_ = 0, measured_passes_ = 0;
    std::string last_when_ = {};
    reft::phase_time measuring_;
    progress bar_;
};

/// What the best policy of `r` does with the test questions; it is in `policy` afterwards.
inline void test(task& t, model& policy, result& r) {
    policy.restore(r.best);
    r.greedy = t.evaluate(policy, t.data.test, true);
    r.sampled = t.evaluate(policy, t.data.test, false);
    r.shown.assign(t.data.test.begin(), t.data.test.begin() + 3);
    const auto prompts = reft::prompts_for(std::span<const reft::question>(r.shown), t.tokens, t.form);
    r.answers = reft::answers_of(r.shown, policy.sample(prompts, t.request(true)), t.tokens, t.form);
    t.log.write({{"annotations", t.annotations},
                 {"method", r.method},
                 {"test", {{"greedy", reft::to_json(r.greedy)}, {"sampled", reft::to_json(r.sampled)}}}});
}

/// What is to be learnt, and from what.
inline void introduce(const task& t, const model& policy) {
    std::printf("%s annotations: %zu problems, %zu dev, %zu test; %zu parameters; seed %llu\n", t.annotations.c_str(),
                t.data.train.size(), t.data.dev.size(), t.data.test.size(), policy.state().parameters.size(),
                static_cast<unsigned long long>(t.s.seed));
    for (std::size_t i = 0; i < 3; ++i)
        std::printf("    %s  %s\n", t.data.train[i].text.c_str(),
                    t.tokens.decode(t.data.annotations[i].response).c_str());
    std::printf("\n");
    std::fflush(stdout);
}

}  // namespace arithmetic
