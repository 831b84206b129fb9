#include <reft/training/sft.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "support/catch.hpp"
#include "support/toy_policies.hpp"

namespace {

const std::vector<reft::sft_example> examples = {{{1}, {2, 3, 0}}, {{1, 1}, {2, 0}}, {{4}, {3, 0}}, {{2}, {3, 3, 0}}};
const std::vector<std::int64_t> all_rows = {0, 1, 2, 3};

}  // namespace

TEST_CASE("the first loss of a uniform policy is the logarithm of the vocabulary, and it falls") {
    toy::logits_policy policy(5);
    reft::sft_trainer trainer(policy, {.learning_rate = {.rate = 5}, .max_gradient_norm = 10}, reft::serial());
    auto metrics = trainer.step(examples, all_rows);
    CHECK(metrics.loss == Approx(std::log(5.0)));
    CHECK(metrics.tokens == 10);
    CHECK(trainer.state().token_passes == 2 * 15);
    CHECK(trainer.timing().positions == 2 * 15);
    for (int i = 0; i < 50; ++i) metrics = trainer.step(examples, all_rows);
    CHECK(metrics.loss < 0.5);
    CHECK(trainer.state().optimizer_steps == 51);
    CHECK(metrics.step == 50);
    CHECK(metrics.token_passes == trainer.state().token_passes);
}

TEST_CASE("pitfall 28: micro-batches of any size lead to the same parameters") {
    const auto trained = [](std::int64_t budget, reft::aggregation average) {
        toy::logits_policy policy(5);
        reft::sft_trainer trainer(
            policy, {.learning_rate = {.rate = 0.5}, .average = average, .micro_batch_tokens = budget}, reft::serial());
        for (int i = 0; i < 3; ++i) trainer.step(examples, all_rows);
        return policy.m.logits.cells;
    };
    for (const auto average : {reft::aggregation::token_mean, reft::aggregation::sequence_mean_of_token_sums,
                               reft::aggregation::sequence_mean_of_token_means})
        for (const std::int64_t budget : {1, 5, 9}) CHECK(trained(budget, average) == trained(1000, average));
}

TEST_CASE("a loss that is not finite is refused by name, and the policy stays as it was") {
    toy::logits_policy policy(5);
    policy.m.logits.at(4, 0) = std::numeric_limits<double>::quiet_NaN();
    const auto before = policy.m.values;
    reft::sft_trainer trainer(policy, {.learning_rate = {.rate = 0.5}}, reft::serial());
    CHECK_THROWS_WITH(
        trainer.step(examples, all_rows),
        "sft_trainer::step, step 0: the policy loss of row 2, response token 0, is not finite; no step was "
        "taken");
    CHECK_THROWS_AS(trainer.step(examples, all_rows), reft::non_finite_error);
    CHECK(policy.m.logits.at(1, 2) == 0);
    CHECK(trainer.state().optimizer_steps == 0);
}

namespace {

/// Its gradient is not finite where a row begins with token 4, though its losses are.
struct overflows_at_4 : toy::logits_policy {
    using toy::logits_policy::logits_policy;
    double gradient_norm() const {
        for (std::int64_t j = 0; j < m.d_logits.columns; ++j)
            if (m.d_logits.at(4, j) != 0) return std::numeric_limits<double>::infinity();
        return toy::logits_policy::gradient_norm();
    }
};

}  // namespace

TEST_CASE("a gradient that is not finite is refused, and the example that made it is named") {
    overflows_at_4 policy(5);
    reft::sft_trainer trainer(policy, {.learning_rate = {.rate = 0.5}}, reft::serial());
    const std::vector<std::int64_t> order = {3, 2, 0};
    CHECK_THROWS_WITH(trainer.step(examples, order),
                      "sft_trainer::step, step 0: the gradient of row 2 is not finite; no step was taken");
    CHECK(policy.m.logits.at(1, 2) == 0);
    CHECK(trainer.state().optimizer_steps == 0);
}

TEST_CASE("options of SFT that make no sense are refused by name") {
    toy::logits_policy policy(5);
    const auto make = [&](const reft::sft_options& options) { reft::sft_trainer(policy, options, reft::serial()); };
    CHECK_THROWS_WITH(make({.learning_rate = {.kind = reft::decay::cosine}}), Catch::Contains("total_steps"));
    CHECK_THROWS_WITH(make({.micro_batch_tokens = 0}), Catch::Contains("micro_batch_tokens"));
    CHECK_THROWS_WITH(make({.average = reft::aggregation::constant, .constant_denominator = 0}),
                      "sft_trainer: constant_denominator must be positive and finite, but it is 0");
}

TEST_CASE("steps without rows, or with rows that do not exist, are refused") {
    toy::logits_policy policy(5);
    reft::sft_trainer trainer(policy, {}, reft::serial());
    const std::vector<std::int64_t> none, beyond = {4};
    CHECK_THROWS_AS(trainer.step(examples, none), reft::value_error);
    CHECK_THROWS_WITH(trainer.step(examples, beyond), "sft_trainer::step: row 4 is not one of the 4 examples");
}

TEST_CASE("a long gradient is cut to the limit") {
    toy::logits_policy a(5), b(5);
    reft::sft_trainer(a, {.learning_rate = {.rate = 1}, .max_gradient_norm = 0.01}, reft::serial())
        .step(examples, all_rows);
    reft::sft_trainer(b, {.learning_rate = {.rate = 1}, .max_gradient_norm = 100}, reft::serial())
        .step(examples, all_rows);
    double norm = 0;
    for (const double x : a.m.logits.cells) norm += x * x;
    CHECK(std::sqrt(norm) == Approx(0.01).epsilon(1e-4));
    CHECK(a.m.logits.at(1, 2) * b.m.logits.at(1, 2) > 0);
}
