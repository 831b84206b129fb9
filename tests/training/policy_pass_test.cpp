#include <reft/core/weights.hpp>
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/clipped_value.hpp>
#include <reft/loss/entropy_bonus.hpp>
#include <reft/training/policy_pass.hpp>

#include <cstdint>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"
#include "support/toy_policies.hpp"

namespace {

using vec = std::vector<double>;

reft::token_batch some_batch(double temperature) {
    reft::token_batch batch;
    batch.temperature = temperature;
    const std::vector<reft::token_id> a = {1, 2}, b = {3}, answer_a = {0, 4, 2}, answer_b = {2, 2}, none;
    batch.add(a, answer_a);
    batch.add(b, none);
    batch.add(b, answer_b);
    return batch;
}

template <class P>
P with_parameters(std::int64_t vocabulary = 5) {
    P p(vocabulary);
    p.m.logits.cells = test::normal<double>(25, 1);
    p.m.values = test::normal<double>(5, 2);
    return p;
}

/// Scores and gradient of one pass over the batch.
template <class P>
vec scores_and_gradient(double temperature) {
    P policy = with_parameters<P>();
    reft::policy_pass pass(policy, reft::serial());
    const auto batch = some_batch(temperature);
    const auto scores = pass.score(batch);
    const vec advantages = test::normal<double>(5, 3), returns = test::normal<double>(5, 4),
              old = test::normal<double>(5, 5), weights(5, 0.2);
    const auto loss = reft::clipped_policy(old, advantages) + 0.1 * reft::entropy_bonus<double>();
    const auto stats =
        pass.accumulate_gradient(batch, loss, 0.5 * reft::clipped_value(scores.values, returns), weights);
    vec all = scores.log_probs;
    for (const vec& x : {scores.entropies, scores.values, policy.m.d_logits.cells, policy.m.d_values,
                         vec{stats.policy.loss, stats.value.loss, stats.policy.entropy}})
        all.insert(all.end(), x.begin(), x.end());
    return all;
}

/// Logits and values at every position instead of at those that predict response tokens.
struct everywhere : toy::logits_policy {
    using toy::logits_policy::logits_policy;
    evaluated evaluate(const reft::token_batch& batch) {
        logits_ = toy::matrix(batch.tokens(), m.logits.columns);
        values_.clear();
        contexts_.assign(batch.ids().begin(), batch.ids().end());
        for (std::int64_t i = 0; i < batch.tokens(); ++i) {
            for (std::int64_t j = 0; j < m.logits.columns; ++j)
                logits_.at(i, j) = m.logits.at(contexts_[static_cast<std::size_t>(i)], j);
            values_.push_back(m.values[static_cast<std::size_t>(contexts_[static_cast<std::size_t>(i)])]);
        }
        return {logits_, values_};
    }
};

/// May have its logits overwritten by their gradient.
struct overwritable : toy::logits_policy {
    using toy::logits_policy::logits_policy;
    static constexpr bool logits_may_be_overwritten = true;
};

struct without_values : toy::logits_policy {
    using toy::logits_policy::logits_policy;
    evaluated evaluate(const reft::token_batch& batch) {
        const auto e = toy::logits_policy::evaluate(batch);
        values_.clear();
        return e;
    }
};

}  // namespace

TEST_CASE("the three kinds of policy get the same scores and the same gradient") {
    for (const double temperature : {1.0, 0.7}) {
        const vec expected = scores_and_gradient<toy::logits_policy>(temperature);
        for (const vec& other : {scores_and_gradient<toy::log_prob_policy>(temperature),
                                 scores_and_gradient<toy::head_policy>(temperature)}) {
            REQUIRE(other.size() == expected.size());
            for (std::size_t i = 0; i < other.size(); ++i)
                CHECK(other[i] == Approx(expected[i]).epsilon(1e-12).margin(1e-14));
        }
    }
}

TEST_CASE("logits at every position, and logits that may be overwritten, give the same bits") {
    const vec expected = scores_and_gradient<toy::logits_policy>(0.7);
    CHECK(scores_and_gradient<everywhere>(0.7) == expected);
    CHECK(scores_and_gradient<overwritable>(0.7) == expected);
}

TEST_CASE("the gradient that reaches the parameters is that of the loss, by central differences") {
    auto policy = with_parameters<toy::logits_policy>();
    reft::policy_pass pass(policy, reft::serial());
    const auto batch = some_batch(0.8);
    const vec advantages = test::normal<double>(5, 3), returns = test::normal<double>(5, 4),
              old = pass.score(batch).log_probs, old_values = test::normal<double>(5, 6), weights(5, 0.2);
    const auto loss = reft::clipped_policy(old, advantages, {.clip_range = 0.9}) + 0.1 * reft::entropy_bonus<double>();
    const auto value_loss = reft::clipped_value(old_values, returns, {.clip_range = 10});
    const auto total = [&] {
        const auto stats = pass.accumulate_gradient(batch, loss, value_loss, weights);
        return stats.policy.loss + stats.value.loss;
    };
    policy.zero_gradient();
    total();
    const auto gradient = policy.m;
    const auto check = [&](double& parameter, double analytic) {
        const double at = parameter;
        const double difference = test::central_difference(
            [&](double x) {
                parameter = x;
                return total();
            },
            at);
        parameter = at;
        CHECK(test::derivative_agrees(analytic, difference));
    };
    for (std::size_t k = 0; k < 25; ++k) check(policy.m.logits.cells[k], gradient.d_logits.cells[k]);
    for (std::size_t k = 0; k < 5; ++k) check(policy.m.values[k], gradient.d_values[k]);
}

TEST_CASE("a policy without values trains without a value loss, and refuses one") {
    auto policy = with_parameters<without_values>();
    reft::policy_pass pass(policy, reft::serial());
    const auto batch = some_batch(1);
    const vec x(5, -1), weights(5, 0.2);
    CHECK(pass.score(batch).values.empty());
    CHECK_NOTHROW(pass.accumulate_gradient(batch, reft::clipped_policy(x, x), reft::no_value_loss(), weights));
    CHECK_THROWS_AS(pass.accumulate_gradient(batch, reft::clipped_policy(x, x), reft::clipped_value(x, x), weights),
                    reft::shape_error);
}

TEST_CASE("references of both kinds give the log-probs of the policy that they are a snapshot of") {
    auto policy = with_parameters<toy::logits_policy>();
    reft::policy_pass pass(policy, reft::serial());
    auto reference = policy.snapshot();
    const auto batch = some_batch(0.7);
    CHECK(reft::reference_log_probs(reference, batch, reft::serial()) == pass.score(batch).log_probs);
    for (const double kl : reft::exact_kl(policy, reference, batch, reft::serial()))
        CHECK(kl == Approx(0).margin(1e-15));

    struct : toy::bigram_policy {
        using toy::bigram_policy::bigram_policy;
        void score(const reft::token_batch& b, reft::strided_view<double, 1> out) {
            for (std::int64_t i = 0; i < b.response_tokens(); ++i) out[i] = -0.5;
        }
    } remote(5);
    CHECK(reft::reference_log_probs(remote, batch, reft::serial()) == vec(5, -0.5));
}
