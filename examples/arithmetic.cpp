// A small language model learns arithmetic by ReFT, in one command.
//
// Word problems come with worked solutions of uneven quality: more than half of them state nothing but the answer, the
// others go step by step, and in one of ten the answer is wrong. Supervised fine-tuning imitates the mixture. ReFT
// starts from the same warm-up, samples its own solutions, is told only whether their answers are right, and finds out
// which of its own ways of reasoning works. Both get the same number of tokens to compute on, sampling included. Then
// the same once more with annotations that are all careful and right, where SFT does better.
//
// Down to the end of reinforce() this is Algorithm 1 of the paper, arXiv:2401.08967, with its line numbers.
#include <reft/core/thread_pool.hpp>
#include <reft/io/metrics.hpp>
#include <reft/models/transformer.hpp>
#include <reft/training/reft.hpp>
#include <reft/training/sft.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "arithmetic_parts/interrupt.hpp"
#include "arithmetic_parts/report.hpp"
#include "arithmetic_parts/settings.hpp"
#include "arithmetic_parts/task.hpp"

namespace {

using arithmetic::fixed, arithmetic::interrupted, arithmetic::model, arithmetic::result, arithmetic::task;

constexpr std::int64_t sft_rows = 48;  // examples of a step of SFT

/// Lines 1 to 5, supervised fine-tuning, until `token_passes` are spent. Begins where `state` says, and leaves there
/// where it ended.
void fine_tune(task& t, model& policy, reft::thread_pool& pool, reft::sft_state& state, reft::shuffled_epochs& order,
               const reft::schedule& learning_rate, std::int64_t token_passes, int measurements, result& r) {
    reft::sft_trainer sft(policy, {.learning_rate = learning_rate}, pool);
    sft.restore(state);
    arithmetic::recorder record(t, policy, r, measurements);
    for (double share = 0; share < 1 && !interrupted;) {
        const reft::sft_metrics m = sft.step(t.data.annotations, order.next(sft_rows));

        const std::int64_t passes = m.token_passes - state.token_passes;
        share = std::min(1.0, static_cast<double>(passes) / static_cast<double>(token_passes));
        const double epochs = static_cast<double>(m.token_passes) / static_cast<double>(t.passes_of_epoch());
        record.step(share, passes, "epoch " + fixed(epochs, 1), reft::to_json(m), "loss " + fixed(m.loss, 3));
    }
    record.done({{"SFT", sft.timing()}});
    state = sft.state();
}

/// Lines 6 to 14, reinforcement, from the policy as it is. Returns the token passes it took.
std::int64_t reinforce(task& t, model& policy, reft::thread_pool& pool, result& r) {
    reft::reft_options options;  // what is not said here is as in the paper's code
    options.seed = t.s.seed;
    options.form = t.form;
    options.generation = t.request(false);
    options.kl_coef = t.s.kl_coef;
    options.mini_batch_rows = t.s.questions_per_update / 2;
    options.learning_rate = {.rate = t.s.reft_rate,
                             .kind = reft::decay::linear,
                             .warmup_steps = 10,
                             .total_steps = t.s.updates * options.update_epochs * 2};  // two mini-batches

    auto reference = policy.snapshot();  // the warm-up, which the policy is held to
    reft::reft_trainer trainer(policy, reference, t.tokens, t.reward, options, pool);  // 6: V is the policy's own head
    reft::shuffled_epochs order(static_cast<std::int64_t>(t.data.train.size()), t.s.seed + 1);
    arithmetic::recorder record(t, policy, r, 20);
    reft::reft_timing before;
    for (int update = 1; update <= t.s.updates && !interrupted; ++update) {  // 7
        const std::vector<reft::question> questions =                        // 8: x and y, without a solution
            reft::elements_at(t.data.train, order.next(t.s.questions_per_update));
        reft::rollout sampled = trainer.sample(questions);    // 9: ê ∼ π(x)
        trainer.judge(questions, sampled);                    // 10: ŷ = EXTRACT(ê), reward 1, 0.1 or 0
        const reft::reft_metrics m = trainer.learn(sampled);  // 11, 12: reward − β·KL, δ, Â, R   (experience_of)
                                                              // 13, 14: U times the clipped step (update)
        r.max_sequence_kl = std::max(r.max_sequence_kl, m.sequence_kl);
        record.step(static_cast<double>(update) / t.s.updates, m.token_passes, "update " + std::to_string(update),
                    reft::to_json(m), "reward " + fixed(m.reward, 3) + "  KL " + fixed(m.sequence_kl, 2));
        t.timing.write({{"annotations", t.annotations},
                        {"method", r.method},
                        {"step", m.step},
                        {"timing", reft::to_json(trainer.timing().since(before))}});
        before = trainer.timing();
    }
    const reft::reft_timing& time = trainer.timing();
    record.done({{"sample", time.sample}, {"judge", time.judge}, {"score", time.score}, {"update", time.update}});
    return trainer.state().token_passes;
}

/// Warm-up, ReFT, and SFT continued from the same warm-up with the same number of token passes. Adds what was measured
/// to `results`, as soon as it is.
void learn(const arithmetic::setting& setting, task& t, reft::thread_pool& pool, std::vector<result>& results) {
    model policy = t.new_policy(pool);
    introduce(t, policy);

    reft::sft_state state;
    const auto problems = static_cast<std::int64_t>(t.data.train.size());
    reft::shuffled_epochs order(problems, t.s.seed);
    result warm_up{t.annotations, "warm-up"};
    const reft::schedule falling{.rate = t.s.sft_rate,
                                 .kind = reft::decay::cosine,
                                 .warmup_steps = 100,
                                 .total_steps = setting.warm_up_epochs * problems / sft_rows,
                                 .floor = 0.1};
    fine_tune(t, policy, pool, state, order, falling, setting.warm_up_epochs * t.passes_of_epoch(), 4, warm_up);
    if (warm_up.curve.empty()) return;
    warm_up.choose_last(policy);  // what comes next goes on from where it ended
    test(t, policy, warm_up);
    results.push_back(warm_up);

    result reinforced{t.annotations, "ReFT"};
    reinforced.add({0, "warm-up", warm_up.curve.back().dev}, policy);
    result continued = reinforced;
    continued.method = "SFT continued";
    const std::int64_t budget = reinforce(t, policy, pool, reinforced);
    if (budget == 0) return;
    test(t, policy, reinforced);
    results.push_back(reinforced);

    policy.restore(warm_up.best);
    const reft::schedule again{.rate = t.s.continued_rate,
                               .kind = reft::decay::linear,
                               .warmup_steps = 50,
                               .total_steps = budget * problems / (sft_rows * t.passes_of_epoch())};
    state.optimizer_steps = 0;  // where this schedule begins
    fine_tune(t, policy, pool, state, order, again, budget, 20, continued);
    if (continued.curve.size() == 1) return;
    test(t, policy, continued);
    results.insert(results.end() - 1, continued);
}

void run(const arithmetic::settings& s) {
    const std::string picture = s.out + "/learning_curves.svg", summary = s.out + "/summary.json";
    std::filesystem::create_directories(s.out);
    for (const std::string& of_another_run : {picture, summary}) std::filesystem::remove(of_another_run);
    reft::json_lines log(s.out + "/metrics.jsonl"), timing(s.out + "/timing.jsonl");
    log.write({{"settings", to_json(s)}});
    reft::thread_pool pool(s.threads);
    std::vector<result> results;
    std::exception_ptr failure;
    try {
        for (const arithmetic::setting& setting : s.chosen()) {
            if (interrupted) break;
            task t{s, setting.name, arithmetic::make_data(s.train, s.dev, s.test, setting.mix, s.seed), log, timing};
            learn(setting, t, pool, results);
        }
    } catch (...) {
        failure = std::current_exception();  // after what was measured until then
    }
    if (!results.empty()) {
        arithmetic::print_table(results);
        arithmetic::print_answers(results);
        arithmetic::print_phases(results);
        arithmetic::write_file(summary, arithmetic::summary_of(s, results).dump(2) + "\n");
        arithmetic::write_file(picture, arithmetic::learning_curves(results));
        std::printf("\nin %s: learning_curves.svg, metrics.jsonl, timing.jsonl, summary.json%s\n", s.out.c_str(),
                    interrupted ? " (interrupted)" : "");
    } else if (interrupted) {
        std::printf("interrupted before anything was measured\n");
    }
    if (failure) std::rethrow_exception(failure);
}

}  // namespace

int main(int argc, char** argv) {
    arithmetic::settings s;
    if (const auto status = arithmetic::parse(argc, argv, s)) return *status;
    arithmetic::watch_for_interrupts();
    try {
        run(s);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "arithmetic: %s\n", e.what());
        return 1;
    }
    return interrupted ? 130 : 0;
}
