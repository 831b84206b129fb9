#include <reft/core/thread_pool.hpp>
#include <reft/reward/extract.hpp>
#include <reft/text/char_tokenizer.hpp>
#include <reft/training/reft.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"
#include "support/toy_policies.hpp"

namespace {

using vec = std::vector<double>;

/// Questions “1” ... “4”; the answer to x is x. A response is right if its text after # is that number.
const std::vector<reft::question> questions = {{"1", "1"}, {"2", "2"}, {"3", "3"}, {"4", "4"}};

struct toy_world {
    reft::char_tokenizer tokens{"#1234\n"};
    reft::answer_reward<reft::trigger_extractor, reft::within_absolute> reward{
        reft::trigger_extractor{.reasoning_trigger = "\n", .answer_trigger = "#"}, reft::within_absolute{}};

    reft::reft_options options() const {
        reft::reft_options o;
        o.seed = 3;
        o.form = {.instruction = "", .reasoning_trigger = "\n", .answer_trigger = "#"};
        o.generation.max_new_tokens = 6;
        o.samples_per_question = 4;
        o.kl_coef = 0.01;
        o.learning_rate.rate = 2.0;
        o.value_coef = 0.2;
        o.max_gradient_norm = 100;
        return o;
    }
    template <class P = toy::logits_policy>
    P policy() const {
        return P(tokens.vocabulary_size());
    }
};

/// The parameters after some steps.
template <class P = toy::logits_policy>
vec trained(const reft::reft_options& options, int steps, reft::executor& pool = reft::serial(),
            std::vector<reft::reft_metrics>* history = nullptr) {
    toy_world w;
    P policy = w.policy<P>();
    auto reference = policy.snapshot();
    reft::reft_trainer trainer(policy, reference, w.tokens, w.reward, options, pool);
    for (int i = 0; i < steps; ++i) {
        const auto metrics = trainer.step(questions);
        if (history) history->push_back(metrics);
    }
    vec all = policy.m.logits.cells;
    all.insert(all.end(), policy.m.values.begin(), policy.m.values.end());
    return all;
}

}  // namespace

TEST_CASE("a toy policy learns to give answers, from the reward alone") {
    // A bigram model cannot see the question; what it can learn is to write “#n” and stop, for a quarter of the points.
    std::vector<reft::reft_metrics> history;
    trained(toy_world().options(), 60, reft::serial(), &history);
    CHECK(history.front().answered < 0.5);
    CHECK(history.back().answered > 0.9);
    CHECK(history.back().reward > history.front().reward + 0.1);
    CHECK(history.back().sequence_kl > 0.5);
    CHECK(history.front().sequence_kl == 0);
    CHECK(history.back().response_length < history.front().response_length);
}

TEST_CASE("the three kinds of policy learn the same") {
    auto options = toy_world().options();
    const vec expected = trained<toy::logits_policy>(options, 5);
    for (const vec& other : {trained<toy::log_prob_policy>(options, 5), trained<toy::head_policy>(options, 5)})
        for (std::size_t i = 0; i < expected.size(); ++i)
            CHECK(other[i] == Approx(expected[i]).epsilon(1e-9).margin(1e-11));
}

TEST_CASE("the same seed gives the same run bit for bit, on any number of threads, in micro-batches of any size") {
    auto options = toy_world().options();
    options.mini_batch_rows = 5;
    const vec expected = trained(options, 4);
    CHECK(trained(options, 4) == expected);
    for (const int threads : {1, 2, 3, 7}) {
        reft::thread_pool pool(threads);
        CHECK(trained(options, 4, pool) == expected);
    }
    for (const std::int64_t budget : {1, 20, 50}) {
        options.micro_batch_tokens = budget;
        CHECK(trained(options, 4) == expected);
    }
    options.seed = 4;
    CHECK(trained(options, 4) != expected);
}

TEST_CASE("pitfall 15: the ratio of the first update is exactly 1, however the batch was cut") {
    auto options = toy_world().options();
    options.update_epochs = 1;
    options.micro_batch_tokens = 16;
    std::vector<reft::reft_metrics> history;
    trained(options, 3, reft::serial(), &history);
    for (const auto& m : history) {
        CHECK(m.ratio == 1);
        CHECK(m.old_kl_k3 == 0);
        CHECK(m.clip_fraction == 0);
    }
}

TEST_CASE("at ratio 1 the expected PPO gradient is the enumerated policy gradient") {
    // Every response of exactly two tokens over {a, b, c}, weighted with its probability under the policy.
    toy::logits_policy policy(3);
    policy.m.logits.cells = test::normal<double>(9, 1);
    reft::policy_pass pass(policy, reft::serial());
    const auto reward_of = [](int a, int b) { return a == 1 && b == 2 ? 1.0 : a == b ? 0.1 : 0.0; };
    const std::vector<reft::token_id> prompt = {0};
    const auto log_prob = [&](int a, int b) {
        reft::token_batch batch;
        const std::vector<reft::token_id> response = {a, b};
        batch.add(prompt, response);
        const auto s = pass.score(batch).log_probs;
        return s[0] + s[1];
    };
    const auto expected_reward = [&] {
        double sum = 0;
        for (int a = 0; a < 3; ++a)
            for (int b = 0; b < 3; ++b) sum += std::exp(log_prob(a, b)) * reward_of(a, b);
        return sum;
    };
    policy.zero_gradient();
    for (int a = 0; a < 3; ++a)
        for (int b = 0; b < 3; ++b) {
            reft::token_batch batch;
            const std::vector<reft::token_id> response = {a, b};
            batch.add(prompt, response);
            const vec old = pass.score(batch).log_probs, scores = {reward_of(a, b)}, kl = {0, 0}, zero = {0, 0};
            vec rewards(2), advantages(2);
            reft::shaped_rewards(scores, kl, batch.responses(), rewards);
            reft::gae(rewards, zero, batch.responses(), advantages, {.gamma = 1, .lambda = 1});
            const vec weights(2, std::exp(old[0] + old[1]));
            pass.accumulate_gradient(batch, reft::clipped_policy(old, advantages), reft::no_value_loss(), weights);
        }
    const auto gradient = policy.m.d_logits.cells;
    for (std::size_t k = 0; k < 9; ++k) {
        const double at = policy.m.logits.cells[k];
        const double difference = test::central_difference(
            [&](double x) {
                policy.m.logits.cells[k] = x;
                return expected_reward();
            },
            at);
        policy.m.logits.cells[k] = at;
        CHECK(test::derivative_agrees(-gradient[k], difference));
    }
}

TEST_CASE("pitfall 39: a response without a verdict is left out, not counted as 0") {
    toy_world w;
    auto policy = w.policy();
    auto other = policy, reference = policy;
    const auto options = w.options();
    reft::reft_trainer trainer(policy, reference, w.tokens, w.reward, options, reft::serial());
    reft::rollout all = trainer.sample(questions);
    trainer.judge(questions, all);
    all.rewards[1].reset();
    all.rewards[6].reset();
    const auto metrics = trainer.learn(all);
    CHECK(metrics.responses == 16);
    CHECK(metrics.judged == 14);

    reft::rollout without = all;
    for (const std::ptrdiff_t i : {6, 1}) {
        without.trajectories.erase(without.trajectories.begin() + i);
        without.rewards.erase(without.rewards.begin() + i);
    }
    reft::reft_trainer again(other, reference, w.tokens, w.reward, options, reft::serial());
    again.learn(without);
    CHECK(other.m.logits.cells == policy.m.logits.cells);
}

TEST_CASE("a rollout without any verdict, or with empty responses, changes nothing and does not fail") {
    toy_world w;
    auto policy = w.policy(), reference = w.policy();
    reft::reft_trainer trainer(policy, reference, w.tokens, w.reward, w.options(), reft::serial());
    reft::rollout none;
    none.trajectories.resize(2);
    none.rewards.resize(2);
    none.trajectories[0].prompt = none.trajectories[1].prompt = {1};
    none.rewards[1] = reft::reward{.value = 1};
    CHECK(trainer.learn(none).updates == 0);
    CHECK(policy.m.logits.cells == reference.m.logits.cells);
    CHECK(trainer.state().steps == 1);
}

TEST_CASE("the exact KL may be used in the reward, and is that of the distributions") {
    toy_world w;
    auto policy = w.policy(), reference = w.policy();
    policy.m.logits.cells = test::normal<double>(policy.m.logits.cells.size(), 1);
    auto options = w.options();
    options.exact_kl = true;
    reft::reft_trainer trainer(policy, reference, w.tokens, w.reward, options, reft::serial());
    auto sampled = trainer.sample(questions);
    trainer.judge(questions, sampled);
    reft::reft_metrics metrics;
    const auto e = trainer.experience_of(sampled, metrics);
    for (const double kl : e.kl) CHECK(kl > 0);
    // The reference is uniform: KL = ln V − H.
    for (std::size_t i = 0; i < e.kl.size(); ++i)
        CHECK(e.kl[i] == Approx(std::log(static_cast<double>(w.tokens.vocabulary_size())) - e.entropies[i]));
}

TEST_CASE("value-only steps leave the policy alone; target_kl ends the updates before they go too far") {
    auto options = toy_world().options();
    options.value_only_steps = 2;
    toy_world w;
    const auto before = w.policy().m;
    const vec after = trained(options, 1);
    CHECK(std::equal(before.logits.cells.begin(), before.logits.cells.end(), after.begin()));
    CHECK(std::any_of(after.begin() + static_cast<std::ptrdiff_t>(before.logits.cells.size()), after.end(),
                      [](double v) { return v != 0; }));

    options = toy_world().options();
    options.learning_rate.rate = 20;
    options.update_epochs = 8;
    options.target_kl = 1e-3;
    std::vector<reft::reft_metrics> history;
    trained(options, 1, reft::serial(), &history);
    CHECK(history[0].stopped_early);
    CHECK(history[0].updates < 8);
    CHECK(history[0].stopped_at_kl > 1e-3);
    CHECK(history[0].old_kl_k3 <= 1e-3);
}

TEST_CASE("a policy without a critic learns from the reward to go") {
    struct no_critic : toy::logits_policy {
        using toy::logits_policy::logits_policy;
        evaluated evaluate(const reft::token_batch& batch) {
            const auto e = toy::logits_policy::evaluate(batch);
            values_.clear();
            return e;
        }
    };
    std::vector<reft::reft_metrics> history;
    trained<no_critic>(toy_world().options(), 60, reft::serial(), &history);
    CHECK(history.back().reward > history.front().reward + 0.1);
    CHECK(history.back().value_loss == 0);
}

TEST_CASE("a number that is not finite stops the update by name, with the policy as it was") {
    toy_world w;
    auto policy = w.policy(), reference = w.policy();
    reft::reft_trainer trainer(policy, reference, w.tokens, w.reward, w.options(), reft::serial());
    auto sampled = trainer.sample(questions);
    trainer.judge(questions, sampled);
    reft::reft_metrics metrics;
    auto e = trainer.experience_of(sampled, metrics);
    const auto first_of_row_3 = sampled.batch().response_offsets()[3];
    e.advantages[static_cast<std::size_t>(first_of_row_3)] = std::numeric_limits<double>::quiet_NaN();
    const auto before = policy.m.logits.cells;
    CHECK_THROWS_WITH(trainer.update(sampled, e, metrics),
                      "reft_trainer::update, step 0, mini-batch 0: the policy loss of row 3, response token 0, is not "
                      "finite; no step was taken");
    CHECK(policy.m.logits.cells == before);
    CHECK(trainer.state().optimizer_steps == 0);
}

TEST_CASE("an error calls a row by the number it had before rows without a verdict were left out") {
    toy_world w;
    auto policy = w.policy(), reference = w.policy();
    reft::reft_trainer trainer(policy, reference, w.tokens, w.reward, w.options(), reft::serial());
    auto sampled = trainer.sample(questions);
    trainer.judge(questions, sampled);
    sampled.rewards[0].reset();
    sampled.rewards[5]->value = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_WITH(trainer.learn(sampled), "rollout::scores: row 5 has a reward that is not finite");

    sampled.rewards[5].reset();
    const reft::rollout judged = reft::with_verdict(sampled);
    reft::reft_metrics metrics;
    auto e = trainer.experience_of(judged, metrics);
    const auto first_of_row_7 = judged.batch().response_offsets()[5];  // 0 and 5 are left out
    e.advantages[static_cast<std::size_t>(first_of_row_7)] = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH(trainer.update(judged, e, metrics), Catch::Contains("loss of row 7, response token 0,"));
}

TEST_CASE("the trainer gives the reward function the head that the prompt wrote, too") {
    toy_world w;
    auto policy = w.policy(), reference = w.policy();
    auto options = w.options();
    options.form.response_head = "#{question}";
    std::vector<std::string> seen;
    auto spy = [&](std::span<const reft::question> asked, std::span<const std::string> responses) {
        seen.assign(responses.begin(), responses.end());
        return w.reward(asked, responses);
    };
    reft::reft_trainer trainer(policy, reference, w.tokens, spy, options, reft::serial());
    reft::rollout sampled = trainer.sample(questions);
    trainer.judge(questions, sampled);
    REQUIRE(seen.size() == 16);
    for (std::size_t i = 0; i < seen.size(); ++i)
        CHECK(seen[i] == "#" + questions[i / 4].text + w.tokens.decode(sampled.trajectories[i].response));
}

TEST_CASE("a copy of state and policy goes on with the same bits") {
    toy_world w;
    auto options = w.options();
    options.mini_batch_rows = 6;
    auto policy = w.policy(), reference = w.policy();
    reft::reft_trainer trainer(policy, reference, w.tokens, w.reward, options, reft::serial());
    for (int i = 0; i < 3; ++i) trainer.step(questions);
    auto copy = policy;
    reft::reft_trainer second(copy, reference, w.tokens, w.reward, options, reft::serial());
    second.restore(trainer.state());
    for (int i = 0; i < 3; ++i) {
        trainer.step(questions);
        second.step(questions);
    }
    CHECK(copy.m.logits.cells == policy.m.logits.cells);
    CHECK(second.state().token_passes == trainer.state().token_passes);
}

TEST_CASE("a reward function that returns too few verdicts is named") {
    toy_world w;
    auto policy = w.policy(), reference = w.policy();
    auto too_few = [](std::span<const reft::question>, std::span<const std::string>) {
        return std::vector<std::optional<reft::reward>>(3);
    };
    reft::reft_trainer trainer(policy, reference, w.tokens, too_few, w.options(), reft::serial());
    CHECK_THROWS_WITH(trainer.step(questions),
                      "reft_trainer::learn: the reward function gave 3 verdicts for 16 responses");
    reft::rollout foreign = trainer.sample(questions);
    foreign.trajectories[2].group = 9;
    CHECK_THROWS_WITH(trainer.judge(questions, foreign), Catch::Contains("group 9 but there are 4 questions"));
}

namespace {

/// A critic of its own: one value per token.
struct value_table : toy::bigram_policy {
    using toy::bigram_policy::bigram_policy;
    struct evaluated {
        std::vector<double>& values;
    };
    evaluated evaluate(const reft::token_batch& batch) {
        gather(batch);
        return {values_};
    }
    void backward_values(reft::strided_view<const double, 1> d_values) {
        const toy::matrix none(static_cast<std::int64_t>(contexts_.size()), m.logits.columns);
        scatter(reft::view(none), d_values);
    }
};

/// A policy or critic whose gradient overflows.
template <class Model>
struct overflowing : Model {
    using Model::Model;
    double gradient_norm() const { return std::numeric_limits<double>::infinity(); }
};

}  // namespace

TEST_CASE("a gradient that is not finite, of policy or critic, leaves both as they were") {
    toy_world w;
    auto reference = w.policy();
    const auto refuses = [&](auto policy, auto critic, const std::string& message) {
        reft::reft_trainer trainer(policy, reference, w.tokens, w.reward, critic, w.options(), reft::serial());
        CHECK_THROWS_WITH(trainer.step(questions), message);
        CHECK(policy.m.logits.cells == reference.m.logits.cells);
        CHECK(critic.m.values == reference.m.values);
        CHECK(trainer.state().optimizer_steps == 0);
    };
    const std::int64_t n = w.tokens.vocabulary_size();
    const std::string name = "reft_trainer::update, step 0, mini-batch 0";
    // The first row of the mini-batch is at fault, as every row is.
    const auto first = reft::random_order(16, reft::random_stream(3, reft::random_purpose::mini_batches, 0))[0];
    const std::string rest = ": the gradient of row " + std::to_string(first) + " is not finite; no step was taken";
    refuses(overflowing<toy::logits_policy>(n), value_table(n), name + rest);
    refuses(toy::logits_policy(n), overflowing<value_table>(n), name + ", critic" + rest);
}

TEST_CASE("the part of the KL in the reward is what shaping added") {
    toy_world w;
    auto policy = w.policy(), reference = w.policy();
    reft::reft_trainer trainer(policy, reference, w.tokens, w.reward, w.options(), reft::serial());
    for (int i = 0; i < 5; ++i) trainer.step(questions);
    reft::rollout sampled = trainer.sample(questions);
    trainer.judge(questions, sampled);
    reft::reft_metrics metrics;
    const auto e = trainer.experience_of(sampled, metrics);
    double added = 0;
    for (const double reward : e.rewards) added += reward;
    for (const double score : sampled.scores<double>()) added -= score;
    CHECK(metrics.kl_reward < -1e-4);
    CHECK(metrics.kl_reward == Approx(added / static_cast<double>(sampled.trajectories.size())).epsilon(1e-9));
}

TEST_CASE("a critic of its own gives the values and is trained; the policy's values are left alone") {
    toy_world w;
    auto policy = w.policy(), reference = w.policy();
    value_table critic(w.tokens.vocabulary_size());
    static_assert(reft::critic<value_table> && !reft::critic<toy::logits_policy>);
    reft::reft_trainer trainer(policy, reference, w.tokens, w.reward, critic, w.options(), reft::serial());
    double first = 0, last = 0;
    for (int i = 0; i < 60; ++i) {
        last = trainer.step(questions).reward;
        if (i == 0) first = last;
    }
    CHECK(last > first + 0.1);
    CHECK(trainer.step(questions).critic_gradient_norm > 0);
    CHECK(std::all_of(policy.m.values.begin(), policy.m.values.end(), [](double v) { return v == 0; }));
    CHECK(std::any_of(critic.m.values.begin(), critic.m.values.end(), [](double v) { return v > 0.05; }));

    auto options = w.options();
    options.value_only_steps = 100;
    auto still = w.policy();
    reft::reft_trainer only_values(still, reference, w.tokens, w.reward, critic, options, reft::serial());
    only_values.step(questions);
    CHECK(still.m.logits.cells == reference.m.logits.cells);
}

TEST_CASE("beta is steered towards a target, and kept in the state") {
    auto options = toy_world().options();
    options.adaptive_kl = reft::adaptive_kl_options{.target = 0.5, .horizon = 100};
    options.kl_coef = 0.01;
    std::vector<reft::reft_metrics> history;
    trained(options, 30, reft::serial(), &history);
    CHECK(history[0].kl_coef == 0.01);
    CHECK(history[1].kl_coef == Approx(0.01 * (1 - 0.2 * 16 / 100)));
    CHECK(history.back().kl_coef > history[1].kl_coef);
}

TEST_CASE("token passes count what the exact KL and a critic cost") {
    const auto passes = [](bool exact) {
        auto options = toy_world().options();
        options.exact_kl = exact;
        options.update_epochs = 1;
        std::vector<reft::reft_metrics> history;
        trained(options, 1, reft::serial(), &history);
        return history[0].token_passes;
    };
    CHECK(passes(false) % 5 == 0);  // sample, two scores, forward and backward
    CHECK(passes(true) == passes(false) / 5 * 7);
}

TEST_CASE("options that make no sense are refused by name") {
    toy_world w;
    auto policy = w.policy(), reference = w.policy();
    const auto make = [&](auto&& change) {
        auto options = w.options();
        change(options);
        reft::reft_trainer(policy, reference, w.tokens, w.reward, options, reft::serial());
    };
    CHECK_THROWS_WITH(make([](auto& o) { o.update_epochs = 0; }), Catch::Contains("update_epochs must be positive"));
    CHECK_THROWS_AS(make([](auto& o) { o.samples_per_question = 0; }), reft::option_error);
    CHECK_THROWS_AS(make([](auto& o) { o.value_coef = -1; }), reft::option_error);
    CHECK_THROWS_AS(make([](auto& o) { o.policy_loss.clip_range = 7; }), reft::option_error);
    CHECK_THROWS_AS(make([](auto& o) { o.gae.gamma = 3; }), reft::option_error);
    CHECK_THROWS_AS(make([](auto& o) { o.entropy_coef = std::nan(""); }), reft::option_error);
    CHECK_THROWS_AS(make([](auto& o) { o.kl_coef = std::numeric_limits<double>::infinity(); }), reft::option_error);
    CHECK_THROWS_AS(make([](auto& o) { o.generation.sampling.temperature = 0; }), reft::option_error);
    CHECK_THROWS_AS(make([](auto& o) { o.learning_rate.rate = std::nan(""); }), reft::option_error);
    CHECK_THROWS_AS(make([](auto& o) { o.learning_rate.floor = 2; }), reft::option_error);
    CHECK_THROWS_WITH(make([](auto& o) {
                          o.average = reft::aggregation::constant;
                          o.constant_denominator = -1;
                      }),
                      "reft_options: constant_denominator must be positive and finite, but it is -1");
}
