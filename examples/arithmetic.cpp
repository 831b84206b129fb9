// A small language model learns arithmetic by ReFT, in one command.
//
// Word problems come with worked solutions of uneven quality: half of them state nothing but the answer, the others
// go step by step. Supervised fine-tuning imitates the mixture. ReFT starts from the same warm-up, samples its own
// solutions, is told only whether their answers are right, and finds out which of its own ways of reasoning works.
// Both get the same number of tokens to compute on, sampling included.
#include <reft/core/thread_pool.hpp>
#include <reft/io/metrics.hpp>
#include <reft/models/transformer.hpp>
#include <reft/training/loop.hpp>
#include <reft/training/reft.hpp>
#include <reft/training/sft.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "arithmetic_parts/line_chart.hpp"
#include "arithmetic_parts/problems.hpp"
#include "arithmetic_parts/progress.hpp"

namespace {

using model = reft::transformer<float>;
using clock_type = std::chrono::steady_clock;

volatile std::sig_atomic_t interrupted = 0;

struct settings {
    std::uint64_t seed = 1;
    int threads = 2;
    int train = 6000, dev = 200, test = 500;
    int warm_up_epochs = 20, updates = 60, questions_per_update = 128;
    double sft_rate = 3e-3, reft_rate = 5e-4, kl_coef = 0.01;
    arithmetic::annotation_mix mix;
    bool quick = false;
    std::string out = "arithmetic_out";
};

/// One point of a learning curve, measured on the development questions.
struct measurement {
    double token_passes = 0;  // since the warm-up
    reft::evaluation dev;
};

/// A way of training: how it went, and its best policy by development accuracy.
struct result {
    std::string name;
    std::vector<measurement> curve = {};
    reft::transformer_state<float> best = {};
    double best_dev = -1;
    double seconds = 0;
};

struct world {
    settings s;
    reft::char_tokenizer tokens = arithmetic::tokenizer();
    reft::prompt_template form = arithmetic::prompt_form();
    arithmetic::data data;
    reft::answer_reward<reft::trigger_extractor, reft::within_absolute> reward{
        reft::trigger_extractor{.reasoning_trigger = arithmetic::prompt_form().reasoning_trigger,
                                .answer_trigger = arithmetic::prompt_form().answer_trigger},
        reft::within_absolute{}};

    reft::generation_request request(bool greedy) const {
        return {
            .sampling = {.greedy = greedy}, .max_new_tokens = 64, .stop = {tokens.end_of_sequence()}, .seed = s.seed};
    }
    reft::evaluation evaluate(model& policy, const std::vector<reft::question>& questions, bool greedy) {
        return reft::evaluate_answers(policy, std::span<const reft::question>(questions), tokens, form, reward,
                                      request(greedy));
    }
};

std::string percent(double share) {
    char text[16];
    std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
    return text;
}

std::string decimal(double x) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f", x);
    return text;
}

/// Measures on the development questions and keeps the policy if it is the best so far.
void measure(world& w, model& policy, double token_passes, result& r, reft::json_lines& log) {
    const reft::evaluation dev = w.evaluate(policy, w.data.dev, true);
    r.curve.push_back({token_passes, dev});
    if (dev.accuracy > r.best_dev) {
        r.best_dev = dev.accuracy;
        r.best = policy.state();
    }
    log.write({{"method", r.name}, {"token_passes", token_passes}, {"dev", reft::to_json(dev)}});
}

/// Supervised fine-tuning until `token_passes` are spent, measured `measurements` times.
void fine_tune(world& w, model& policy, reft::sft_trainer<model>& sft, reft::shuffled_epochs& order,
               std::int64_t token_passes, int measurements, result& r, reft::json_lines& log) {
    const auto begin = clock_type::now();
    const std::int64_t start = sft.state().token_passes;
    const arithmetic::progress bar(r.name);
    int measured = 0;
    while (sft.state().token_passes - start < token_passes && !interrupted) {
        const auto metrics = sft.step(w.data.annotations, order.next(48));
        const double done = static_cast<double>(sft.state().token_passes - start);
        const double share = std::min(1.0, done / static_cast<double>(token_passes));
        bar.show(share, "loss " + decimal(metrics.loss) + "  dev " + percent(std::max(0.0, r.best_dev)));
        if (share * measurements >= measured + 1) {
            measure(w, policy, done, r, log);
            ++measured;
        }
    }
    r.seconds += std::chrono::duration<double>(clock_type::now() - begin).count();
}

/// ReFT from the policy as it is: Algorithm 1, lines 7 to 14. Returns the token passes it took.
std::int64_t reinforce(world& w, model& policy, reft::thread_pool& pool, result& r, reft::json_lines& log) {
    const auto begin = clock_type::now();
    auto reference = policy.snapshot();  // π⁽⁰⁾: the warm-up
    reft::reft_options options;
    options.seed = w.s.seed;
    options.form = w.form;
    options.generation = w.request(false);
    options.kl_coef = w.s.kl_coef;
    options.mini_batch_rows = w.s.questions_per_update / 2;
    options.learning_rate = {.rate = w.s.reft_rate, .warmup_steps = 10};
    reft::reft_trainer trainer(policy, reference, w.tokens, w.reward, options, pool);
    reft::shuffled_epochs order(static_cast<std::int64_t>(w.data.train.size()), w.s.seed + 1);
    const arithmetic::progress bar(r.name);
    reft::train(trainer, w.data.train, order, w.s.questions_per_update, w.s.updates, [&](const reft::reft_metrics& m) {
        const std::int64_t update = m.step + 1;
        log.write({{"method", r.name}, {"train", reft::to_json(m)}});
        if (update % std::max(1, w.s.updates / 20) == 0)
            measure(w, policy, static_cast<double>(m.token_passes), r, log);
        bar.show(static_cast<double>(update) / w.s.updates,
                 "reward " + decimal(m.reward) + "  KL " + decimal(m.sequence_kl) + "  dev " + percent(r.best_dev));
        return interrupted ? reft::after_step::stop : reft::after_step::go_on;
    });
    reft::json_lines(w.s.out + "/timing.jsonl").write(reft::to_json(trainer.timing()));
    r.seconds = std::chrono::duration<double>(clock_type::now() - begin).count();
    return trainer.state().token_passes;
}

void print_row(world& w, model& policy, const result& r, const char* name) {
    policy.restore(r.best);
    const auto greedy = w.evaluate(policy, w.data.test, true), sampled = w.evaluate(policy, w.data.test, false);
    const double passes = r.curve.empty() ? 0 : r.curve.back().token_passes / 1e6;
    std::printf("%-16s %9s %9s %9s %8.1f %10.2f M %7.0f s\n", name, percent(greedy.accuracy).c_str(),
                percent(sampled.accuracy).c_str(), percent(r.best_dev).c_str(), greedy.response_length, passes,
                r.seconds);
    std::fflush(stdout);
}

void write_picture(const world& w, const std::vector<const result*>& results) {
    arithmetic::chart accuracy{"Dev accuracy, greedy", "million token passes after the warm-up", {}, true};
    arithmetic::chart length{"Response length, tokens", "million token passes after the warm-up", {}, false};
    const std::vector<std::string> colors = {"#d1720b", "#2f7fd6"};
    for (std::size_t i = 0; i < results.size(); ++i) {
        arithmetic::curve a{results[i]->name, colors[i], {}}, l = a;
        for (const measurement& m : results[i]->curve) {
            a.points.emplace_back(m.token_passes / 1e6, m.dev.accuracy);
            l.points.emplace_back(m.token_passes / 1e6, m.dev.response_length);
        }
        accuracy.curves.push_back(a);
        length.curves.push_back(l);
    }
    std::ofstream(w.s.out + "/learning_curves.svg") << arithmetic::svg_of({accuracy, length});
}

/// A few test problems with the answers of two policies.
void print_samples(world& w, model& policy, const std::vector<std::pair<const char*, const result*>>& policies) {
    std::vector<reft::question> few(w.data.test.begin(), w.data.test.begin() + 3);
    const auto prompts = reft::prompts_for(std::span<const reft::question>(few), w.tokens, w.form);
    std::vector<std::vector<std::string>> texts;
    for (const auto& [name, r] : policies) {
        policy.restore(r->best);
        const auto sampled = policy.sample(std::span<const reft::generation_prompt>(prompts), w.request(true));
        texts.push_back(reft::texts_of(std::span<const reft::trajectory>(sampled), w.tokens));
    }
    std::printf("\n");
    for (std::size_t q = 0; q < few.size(); ++q) {
        std::printf("%s  (%s)\n", few[q].text.c_str(), few[q].gold.c_str());
        for (std::size_t p = 0; p < policies.size(); ++p)
            std::printf("    %-14s %s\n", policies[p].first, texts[p][q].c_str());
    }
}

void run(const settings& s) {
    std::filesystem::create_directories(s.out);
    world w;
    w.s = s;
    w.data = arithmetic::make_data(static_cast<std::size_t>(s.train), static_cast<std::size_t>(s.dev),
                                   static_cast<std::size_t>(s.test), s.mix, w.tokens, s.seed);
    reft::thread_pool pool(s.threads);
    model policy({.vocabulary = w.tokens.vocabulary_size(),
                  .width = 64,
                  .layers = 2,
                  .heads = 4,
                  .kv_heads = 4,
                  .hidden = 176,
                  .max_length = 128},
                 s.seed, pool);
    reft::json_lines log(s.out + "/metrics.jsonl");
    std::printf("%lld training problems, %d dev, %d test; %zu parameters; seed %llu\n", static_cast<long long>(s.train),
                s.dev, s.test, policy.state().parameters.size(), static_cast<unsigned long long>(s.seed));
    for (std::size_t i = 0; i < 3; ++i) {
        const auto& e = w.data.annotations[i];
        std::printf("    %s  %s\n", w.data.train[i].text.c_str(), w.tokens.decode(e.response).c_str());
    }
    std::printf("\n");
    std::fflush(stdout);

    // Lines 1 to 5: the warm-up.
    std::int64_t epoch_tokens = 0;
    for (const auto& e : w.data.annotations)
        epoch_tokens += 2 * static_cast<std::int64_t>(e.prompt.size() + e.response.size());
    reft::sft_trainer sft(policy, {.learning_rate = {.rate = s.sft_rate, .warmup_steps = 100}}, pool);
    reft::shuffled_epochs order(s.train, s.seed);
    result warm_up{.name = "warm-up"};
    fine_tune(w, policy, sft, order, s.warm_up_epochs * epoch_tokens, 4, warm_up, log);
    if (warm_up.curve.empty()) {
        std::printf("interrupted before anything was measured\n");
        return;
    }
    warm_up.best = policy.state();
    warm_up.best_dev = warm_up.curve.back().dev.accuracy;
    const measurement start{0, warm_up.curve.back().dev};

    // Lines 7 to 15 from there, and SFT continued from the same point with the same number of token passes.
    result reinforced{.name = "ReFT", .curve = {start}, .best = policy.state(), .best_dev = start.dev.accuracy};
    const std::int64_t budget = reinforce(w, policy, pool, reinforced, log);
    result continued{.name = "SFT continued", .curve = {start}, .best = warm_up.best, .best_dev = start.dev.accuracy};
    policy.restore(warm_up.best);
    fine_tune(w, policy, sft, order, budget, 20, continued, log);

    std::printf("%-16s %9s %9s %9s %8s %12s %9s\n", "policy", "greedy", "sampled", "dev", "length", "token passes",
                "time");
    print_row(w, policy, warm_up, "warm-up");
    print_row(w, policy, continued, "SFT continued");
    print_row(w, policy, reinforced, "ReFT");
    print_samples(w, policy, {{"SFT continued", &continued}, {"ReFT", &reinforced}});
    write_picture(w, {&continued, &reinforced});
    std::printf("\nlearning curves: %s/learning_curves.svg, metrics: %s/metrics.jsonl%s\n", s.out.c_str(),
                s.out.c_str(), interrupted ? " (interrupted)" : "");
}

}  // namespace

int main(int argc, char** argv) {
    settings s;
    CLI::App app("A small language model learns arithmetic by ReFT.");
    app.add_option("--seed", s.seed, "seed of data, initialisation and sampling")->capture_default_str();
    app.add_option("--threads", s.threads, "worker threads; the result does not depend on them")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
    app.add_option("--updates", s.updates, "steps of ReFT")->check(CLI::Range(1, 100000))->capture_default_str();
    app.add_option("--kl-coef", s.kl_coef, "weight of the KL to the warm-up policy")
        ->check(CLI::NonNegativeNumber)
        ->capture_default_str();
    app.add_option("--warm-up-epochs", s.warm_up_epochs, "epochs of SFT before ReFT")
        ->check(CLI::Range(1, 10000))
        ->capture_default_str();
    app.add_option("--train", s.train, "training problems")->check(CLI::Range(100, 200000))->capture_default_str();
    app.add_option("--sft-rate", s.sft_rate, "learning rate of SFT")->check(CLI::PositiveNumber)->capture_default_str();
    app.add_option("--reft-rate", s.reft_rate, "learning rate of ReFT")
        ->check(CLI::PositiveNumber)
        ->capture_default_str();
    app.add_option("--answer-only", s.mix.answer_only, "share of annotations without a chain of thought")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    app.add_option("--mistakes", s.mix.mistakes, "share of annotations with a wrong last step")
        ->check(CLI::Range(0.0, 1.0))
        ->capture_default_str();
    app.add_option("--out", s.out, "folder for metrics and picture")->capture_default_str();
    app.add_flag("--quick", s.quick, "a few steps of everything, to see that it runs; too few to learn arithmetic");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        return app.exit(e) == 0 ? 0 : 2;
    }
    if (s.quick) {
        s.train = 1000;
        s.dev = s.test = 100;
        s.warm_up_epochs = 4;
        s.updates = 6;
    }
    std::signal(SIGINT, [](int) { interrupted = 1; });
    try {
        run(s);
    } catch (const std::exception& e) {
        std::fprintf(stderr, "arithmetic: %s\n", e.what());
        return 1;
    }
    return interrupted ? 130 : 0;
}
