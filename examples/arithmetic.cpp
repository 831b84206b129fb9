// A small language model learns arithmetic by ReFT, in one command.
//
// Word problems come with worked solutions of uneven quality: half of them state nothing but the answer, the others
// go step by step, some with a mistake. Supervised fine-tuning imitates the mixture. ReFT starts from the same warm-up,
// samples its own solutions, is told only whether their answers are right, and finds out which of its own ways of
// reasoning works. Both get the same number of tokens to compute on, sampling included. Then the same once more with
// annotations that are all careful and right, where there is nothing left to find out and SFT does as well.
//
// From here to the end of reinforce() this is Algorithm 1 of the paper, arXiv:2401.08967, with its line numbers.
#include <reft/core/thread_pool.hpp>
#include <reft/io/metrics.hpp>
#include <reft/models/transformer.hpp>
#include <reft/training/reft.hpp>
#include <reft/training/sft.hpp>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "arithmetic_parts/problems.hpp"
#include "arithmetic_parts/progress.hpp"
#include "arithmetic_parts/report.hpp"
#include "arithmetic_parts/settings.hpp"

namespace {

using arithmetic::result;
using model = reft::transformer<float>;

constexpr std::int64_t sft_rows = 48;  // examples of a step of SFT

volatile std::sig_atomic_t interrupted = 0;

/// What all ways of training share: the problems, how they are written and judged, and where measurements go.
struct task {
    const arithmetic::settings& s;
    std::string annotations;
    arithmetic::data data;
    reft::json_lines &log, &timing;
    reft::char_tokenizer tokens = arithmetic::tokenizer();
    reft::prompt_template form = arithmetic::prompt_form();
    reft::answer_reward<reft::trigger_extractor, reft::within_absolute> reward{
        {.reasoning_trigger = form.reasoning_trigger, .answer_trigger = form.answer_trigger}, {}};

    reft::generation_request request(bool greedy) const {
        return {
            .sampling = {.greedy = greedy}, .max_new_tokens = 64, .stop = {tokens.end_of_sequence()}, .seed = s.seed};
    }
    reft::evaluation evaluate(model& policy, const std::vector<reft::question>& questions, bool greedy) {
        return reft::evaluate_answers(policy, std::span<const reft::question>(questions), tokens, form, reward,
                                      request(greedy));
    }
    void measure(model& policy, const std::string& when, double token_passes, result& r, reft::phase_time& time) {
        const reft::phase_clock clock(time);
        const reft::evaluation dev = evaluate(policy, data.dev, true);
        time.positions += dev.tokens;
        r.add({token_passes, when, dev}, policy);
        log.write({{"annotations", annotations},
                   {"method", r.method},
                   {"when", when},
                   {"token_passes", token_passes},
                   {"dev", reft::to_json(dev)}});
    }
    /// Token passes of one epoch of SFT: every position goes forward and backward.
    std::int64_t passes_of_epoch() const {
        std::int64_t positions = 0;
        for (const reft::sft_example& e : data.annotations)
            positions += static_cast<std::int64_t>(e.prompt.size() + e.response.size());
        return 2 * positions;
    }
    std::string title(const result& r) const { return annotations + ", " + r.method; }
};

/// Lines 1 to 5, supervised fine-tuning, until `token_passes` are spent; measured `measurements` times. Begins where
/// `state` says, and leaves there where it ended.
void fine_tune(task& t, model& policy, reft::thread_pool& pool, reft::sft_state& state, reft::shuffled_epochs& order,
               const reft::schedule& learning_rate, std::int64_t token_passes, int measurements, result& r) {
    reft::phase_time all, measuring;
    reft::sft_trainer sft(policy, {.learning_rate = learning_rate}, pool);
    sft.restore(state);
    {
        const reft::phase_clock clock(all);
        arithmetic::progress bar(t.title(r));
        int measured = 0;
        while (sft.state().token_passes - state.token_passes < token_passes && !interrupted) {
            const reft::sft_metrics metrics = sft.step(t.data.annotations, order.next(sft_rows));
            const auto done = static_cast<double>(sft.state().token_passes - state.token_passes);
            const double share = std::min(1.0, done / static_cast<double>(token_passes));
            if (share * measurements >= measured + 1) {
                const double epochs =
                    static_cast<double>(sft.state().token_passes) / static_cast<double>(t.passes_of_epoch());
                t.measure(policy, "epoch " + arithmetic::fixed(epochs, 1), done, r, measuring);
                ++measured;
            }
            bar.show(share,
                     "loss " + arithmetic::fixed(metrics.loss, 3) + "  dev " + arithmetic::percent(r.best_dev()));
        }
    }
    r.seconds = all.wall_seconds;
    r.phases = {{"SFT", sft.timing()}, {"measure", measuring}};
    state = sft.state();
}

/// Lines 6 to 15, reinforcement, from the policy as it is. Returns the token passes it took.
std::int64_t reinforce(task& t, model& policy, reft::thread_pool& pool, result& r) {
    reft::reft_options options;
    options.seed = t.s.seed;
    options.form = t.form;
    options.generation = t.request(false);
    options.kl_coef = t.s.kl_coef;
    options.mini_batch_rows = t.s.questions_per_update / 2;
    const std::int64_t steps = t.s.updates * options.update_epochs * 2;  // two mini-batches
    options.learning_rate = {
        .rate = t.s.reft_rate, .kind = reft::decay::linear, .warmup_steps = 10, .total_steps = steps};

    reft::phase_time all, measuring;
    auto reference = policy.snapshot();  // the warm-up, which the policy is held to
    reft::reft_trainer trainer(policy, reference, t.tokens, t.reward, options, pool);  // 6: V is the policy's own head
    reft::shuffled_epochs order(static_cast<std::int64_t>(t.data.train.size()), t.s.seed + 1);
    {
        const reft::phase_clock clock(all);
        arithmetic::progress bar(t.title(r));
        reft::reft_timing time;
        for (int update = 1; update <= t.s.updates && !interrupted; ++update) {  // 7
            const std::vector<reft::question> questions =                        // 8: x and y, without a solution
                reft::elements_at(t.data.train, order.next(t.s.questions_per_update));
            reft::rollout sampled = trainer.sample(questions);    // 9: ê ∼ π(x)
            trainer.judge(questions, sampled);                    // 10: ŷ = EXTRACT(ê), reward 1, 0.1 or 0
            const reft::reft_metrics m = trainer.learn(sampled);  // 11–14: δ, Â, R; U times the clipped update
            r.max_sequence_kl = std::max(r.max_sequence_kl, m.sequence_kl);

            t.log.write({{"annotations", t.annotations}, {"method", r.method}, {"train", reft::to_json(m)}});
            t.timing.write({{"annotations", t.annotations},
                            {"method", r.method},
                            {"step", m.step},
                            {"timing", reft::to_json(trainer.timing().since(time))}});
            time = trainer.timing();
            if (update % std::max(1, t.s.updates / 20) == 0)
                t.measure(policy, "update " + std::to_string(update), static_cast<double>(m.token_passes), r,
                          measuring);
            bar.show(static_cast<double>(update) / t.s.updates, "reward " + arithmetic::fixed(m.reward, 3) + "  KL " +
                                                                    arithmetic::fixed(m.sequence_kl, 2) + "  dev " +
                                                                    arithmetic::percent(r.best_dev()));
        }
    }
    const reft::reft_timing& time = trainer.timing();
    r.seconds = all.wall_seconds;
    r.phases = {{"sample", time.sample},
                {"judge", time.judge},
                {"score", time.score},
                {"update", time.update},
                {"measure", measuring}};
    return trainer.state().token_passes;  // 15
}

/// What the best policy of `r` does with the test questions.
void test(task& t, model& policy, result& r) {
    policy.restore(r.best);
    r.greedy = t.evaluate(policy, t.data.test, true);
    r.sampled = t.evaluate(policy, t.data.test, false);
    const std::vector<reft::question> few(t.data.test.begin(), t.data.test.begin() + 3);
    const auto prompts = reft::prompts_for(std::span<const reft::question>(few), t.tokens, t.form);
    const auto responses = policy.sample(std::span<const reft::generation_prompt>(prompts), t.request(true));
    r.answers = reft::answers_of(few, responses, t.tokens, t.form);
}

/// Warm-up, ReFT, and SFT continued from the same warm-up with the same number of token passes. Interrupted, it returns
/// what was measured until then.
std::vector<result> learn(const arithmetic::setting& setting, task& t, reft::thread_pool& pool) {
    model policy({.vocabulary = t.tokens.vocabulary_size(),
                  .width = 64,
                  .layers = 2,
                  .heads = 4,
                  .kv_heads = 4,
                  .hidden = 176,
                  .max_length = 128},
                 t.s.seed, pool);
    std::printf("%s annotations: %zu problems, %zu dev, %zu test; %zu parameters; seed %llu\n", t.annotations.c_str(),
                t.data.train.size(), t.data.dev.size(), t.data.test.size(), policy.state().parameters.size(),
                static_cast<unsigned long long>(t.s.seed));
    for (std::size_t i = 0; i < 3; ++i)
        std::printf("    %s  %s\n", t.data.train[i].text.c_str(),
                    t.tokens.decode(t.data.annotations[i].response).c_str());
    std::printf("\n");
    std::fflush(stdout);

    reft::sft_state state;
    const auto problems = static_cast<std::int64_t>(t.data.train.size());
    reft::shuffled_epochs order(problems, t.s.seed);
    result warm_up{t.annotations, "warm-up"}, continued{t.annotations, "SFT continued"},
        reinforced{t.annotations, "ReFT"};
    const reft::schedule falling{.rate = t.s.sft_rate,
                                 .kind = reft::decay::cosine,
                                 .warmup_steps = 100,
                                 .total_steps = setting.warm_up_epochs * problems / sft_rows,
                                 .floor = 0.1};
    fine_tune(t, policy, pool, state, order, falling, setting.warm_up_epochs * t.passes_of_epoch(), 4, warm_up);
    if (warm_up.curve.empty()) return {};
    warm_up.best = policy.state();
    warm_up.best_at = warm_up.curve.size() - 1;
    for (result* r : {&reinforced, &continued}) r->add({0, "warm-up", warm_up.curve.back().dev}, policy);

    const std::int64_t budget = reinforce(t, policy, pool, reinforced);
    policy.restore(warm_up.best);
    const reft::schedule again{.rate = t.s.continued_rate,
                               .kind = reft::decay::linear,
                               .warmup_steps = 50,
                               .total_steps = budget * problems / (sft_rows * t.passes_of_epoch())};
    state.optimizer_steps = 0;  // where this schedule begins
    fine_tune(t, policy, pool, state, order, again, budget, 20, continued);

    std::vector<result> results = {warm_up, continued, reinforced};
    std::erase_if(results, [](const result& r) { return r.curve.back().token_passes == 0; });  // interrupted before
    for (result& r : results) test(t, policy, r);
    return results;
}

void run(const arithmetic::settings& s) {
    std::filesystem::create_directories(s.out);
    reft::json_lines log(s.out + "/metrics.jsonl"), timing(s.out + "/timing.jsonl");
    reft::thread_pool pool(s.threads);
    std::vector<result> results;
    std::vector<reft::question> questions;
    for (const arithmetic::setting& setting : s.chosen()) {
        if (interrupted) break;
        task t{s, setting.name, arithmetic::make_data(s.train, s.dev, s.test, setting.mix, s.seed), log, timing};
        questions = t.data.test;
        for (result& r : learn(setting, t, pool)) {
            for (const auto& [name, time] : r.phases)
                timing.write({{"annotations", r.annotations},
                              {"method", r.method},
                              {"phase", name},
                              {"time", reft::to_json(time)}});
            results.push_back(std::move(r));
        }
    }
    if (results.empty()) {
        std::printf("interrupted before anything was measured\n");
        return;
    }
    arithmetic::print_table(results);
    arithmetic::print_answers(results, questions);
    arithmetic::print_phases(results);
    nlohmann::ordered_json summary;
    for (const result& r : results) summary.push_back(arithmetic::summary_of(r));
    arithmetic::write_file(s.out + "/summary.json", summary.dump(2) + "\n");
    arithmetic::write_file(s.out + "/learning_curves.svg", arithmetic::learning_curves(results));
    std::printf("\nin %s: learning_curves.svg, metrics.jsonl, timing.jsonl, summary.json%s\n", s.out.c_str(),
                interrupted ? " (interrupted)" : "");
}

}  // namespace

int main(int argc, char** argv) {
    arithmetic::settings s;
    if (const auto status = arithmetic::parse(argc, argv, s)) return *status;
    std::signal(SIGINT, [](int) { interrupted = 1; });
    try {
        run(s);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "arithmetic: %s\n", e.what());
        return 1;
    }
    return interrupted ? 130 : 0;
}
