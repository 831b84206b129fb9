#include <reft/advantage/gae.hpp>
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/clipped_value.hpp>
#include <reft/models/tabular.hpp>
#include <reft/reward/kl.hpp>
#include <reft/reward/shaped_rewards.hpp>
#include <reft/training/policy_pass.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"

using namespace reft;

using table = tabular_policy<double>;
static_assert(logits_policy<table> && logits_policy<tabular_policy<float>>);
static_assert(logits_scorer<table> && sampler<table> && optimizable<table> && snapshotable<table>);
static_assert(inspectable<table> && inspectable<tabular_policy<float>>);
static_assert(!log_prob_policy<table> && !head_policy<table> && !log_prob_scorer<table> && !savable<table>);

namespace {

using vec = std::vector<double>;
using ids = std::vector<token_id>;

table random_policy(const tabular_options& options, std::uint64_t seed, double deviation = 1.0) {
    table p(options);
    p.restore({test::normal<double>(p.state().logits.size(), seed, deviation),
               test::normal<double>(p.state().values.size(), seed + 100)});
    return p;
}

double largest_difference(const vec& a, const vec& b) {
    REQUIRE(a.size() == b.size());
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
    return largest;
}

/// Every response that there is: over {0, 1, 2}, where 0 ends it, of at most 3 tokens. The policy sees two tokens,
/// the prompt is one, so that contexts are short, full, and shared between places.
struct enumeration {
    static constexpr token_id end = 0;
    static constexpr std::size_t longest = 3;
    tabular_options options{.vocabulary = 3, .order = 2};
    ids prompt{2};
    std::vector<ids> responses;
    token_batch batch;
    double temperature = 1.0;

    explicit enumeration(double at_temperature = 1.0) : temperature(at_temperature) {
        extend({});
        batch.temperature = at_temperature;
        for (const ids& r : responses) batch.add(prompt, r);
    }
    void extend(const ids& prefix) {
        if (prefix.size() == longest || (!prefix.empty() && prefix.back() == end)) return responses.push_back(prefix);
        for (token_id id = 0; id < options.vocabulary; ++id) {
            ids longer = prefix;
            longer.push_back(id);
            extend(longer);
        }
    }

    std::size_t begin(std::size_t response) const {
        return static_cast<std::size_t>(batch.response_offsets()[response]);
    }

    /// log π of every token, by the definition of the table.
    vec log_probs(const table& p) const {
        vec all;
        for (const ids& r : responses) {
            ids row = prompt;
            for (const token_id id : r) {
                const std::int64_t context = p.contexts().after(row);
                const auto logit = [&](std::int64_t j) {
                    return p.state().logits[static_cast<std::size_t>(context * options.vocabulary + j)] / temperature;
                };
                double sum = 0;
                for (std::int64_t j = 0; j < options.vocabulary; ++j) sum += std::exp(logit(j));
                all.push_back(logit(id) - std::log(sum));
                row.push_back(id);
            }
        }
        return all;
    }
    /// Probability of every response.
    vec probabilities(const vec& log_probs) const {
        vec all;
        for (std::size_t b = 0; b < responses.size(); ++b) {
            double sum = 0;
            for (std::size_t i = begin(b); i < begin(b + 1); ++i) sum += log_probs[i];
            all.push_back(std::exp(sum));
        }
        return all;
    }
    vec probabilities(const table& p) const { return probabilities(log_probs(p)); }
    /// The probability of its response, for every token: what makes a sum over tokens an expectation over responses.
    vec weights(const table& p) const {
        const vec of_responses = probabilities(p);
        vec all;
        for (std::size_t b = 0; b < responses.size(); ++b) all.insert(all.end(), responses[b].size(), of_responses[b]);
        return all;
    }

    /// Σ_y π(y) Σ_t A_t(y) ∇log π(y_t | y_<t): the negative gradient of the clipped loss at ratio 1.
    vec expected_gradient(table& p, const vec& advantages) const {
        policy_pass pass(p, serial());
        const vec old_log_probs = pass.score(batch).log_probs;
        p.zero_gradient();
        pass.accumulate_gradient(batch, clipped_policy(old_log_probs, advantages), no_value_loss(), weights(p));
        vec gradient = p.gradient_state().logits;
        for (double& g : gradient) g = -g;
        return gradient;
    }
    vec advantages(const vec& rewards, const vec& values, double lambda = 1) const {
        vec result(rewards.size());
        gae(rewards, values, batch.responses(), result, {.gamma = 1, .lambda = lambda});
        return result;
    }
    vec rewards(const vec& scores, const vec& kl, double kl_coef = 0) const {
        vec result(kl.size());
        shaped_rewards(scores, kl, batch.responses(), result, {.kl_coef = kl_coef});
        return result;
    }
    vec zeros() const { return vec(static_cast<std::size_t>(batch.response_tokens())); }
};

/// ∂f/∂(every logit of the table).
template <class F>
vec derivative(table p, F&& f) {
    const tabular_state<double> at = p.state();
    vec result;
    for (std::size_t k = 0; k < at.logits.size(); ++k)
        result.push_back(test::central_difference(
            [&](double x) {
                tabular_state<double> moved = at;
                moved.logits[k] = x;
                p.restore(moved);
                return f(p);
            },
            at.logits[k]));
    return result;
}

double dot(const vec& a, const vec& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}

double squares(const vec& x) { return dot(x, x); }

/// Any number for any response.
const vec scores = test::normal<double>(15, 7);

}  // namespace

TEST_CASE("tabular: an example by hand") {
    table p({.vocabulary = 2, .order = 1});
    CHECK(p.contexts().count() == 3);  // start, after 0, after 1
    p.restore({{0, 0, 1, 2, 3, 4}, {5, 6, 7}});
    token_batch batch;
    batch.add(ids{1}, ids{0, 1});  // predicted behind 1 and behind 0
    const auto out = p.evaluate(batch);
    CHECK(vec(out.logits.data(), out.logits.data() + 4) == vec{3, 4, 1, 2});
    CHECK(vec(out.values.data(), out.values.data() + 2) == vec{7, 6});
    const vec d_logits = {0.1, 0.2, 0.3, 0.4}, d_values = {0.5, 0.6};
    p.backward(tensor_at(d_logits.data(), 2, 2), view(d_values));
    CHECK(p.gradient_state().logits == vec{0, 0, 0.3, 0.4, 0.1, 0.2});
    CHECK(p.gradient_state().values == vec{0, 0.6, 0.5});
    CHECK(p.gradient_norm() == Approx(std::sqrt(0.09 + 0.16 + 0.01 + 0.04 + 0.36 + 0.25)));
    p.optimizer_step(10, 0.5);
    CHECK(p.state().logits[2] == Approx(1 - 1.5));
    CHECK(p.state().values[2] == Approx(7 - 2.5));
    p.zero_gradient();
    CHECK(p.gradient_norm() == 0);
}

TEST_CASE("tabular: a context is the last tokens of its own row, a short one is a context of its own") {
    const table p({.vocabulary = 2, .order = 3});
    const auto context = [&](const ids& row) { return p.contexts().after(row); };
    CHECK(p.contexts().count() == 27);
    CHECK(context({}) == 0);
    CHECK(context({0, 1, 1, 0}) == context({1, 1, 1, 0}));
    std::map<std::int64_t, ids> seen;
    std::vector<ids> rows = {{}};
    for (std::size_t i = 0; i < rows.size(); ++i) {
        CHECK(seen.emplace(context(rows[i]), rows[i]).second);
        for (const token_id id : {0, 1})
            if (rows[i].size() < 3) {
                rows.push_back(rows[i]);
                rows.back().push_back(id);
            }
    }
    CHECK(seen.size() == 1 + 2 + 4 + 8);
}

TEST_CASE("tabular: values have their gradient, and may be absent") {
    table p = random_policy({.vocabulary = 3, .order = 2}, 4);
    token_batch batch;
    batch.add(ids{1}, ids{0, 2, 2, 0});
    batch.add(ids{0, 2}, ids{0, 1});
    const vec old_values(6, 0.0), targets = test::normal<double>(6, 9), advantages(6, 0.0), weights(6, 1.0 / 6);
    const auto value_loss = clipped_value(old_values, targets, {.clip_range = 10});
    policy_pass pass(p, serial());
    const vec old_log_probs = pass.score(batch).log_probs;
    const auto loss_at = [&](const table& at) {
        table copy = at;
        policy_pass of_copy(copy, serial());
        return of_copy.accumulate_gradient(batch, clipped_policy(old_log_probs, advantages), value_loss, weights)
            .value.loss;
    };
    pass.accumulate_gradient(batch, clipped_policy(old_log_probs, advantages), value_loss, weights);
    for (std::size_t k = 0; k < p.state().values.size(); ++k) {
        const double difference = test::central_difference(
            [&](double x) {
                table moved = p;
                tabular_state<double> state = p.state();
                state.values[k] = x;
                moved.restore(state);
                return loss_at(moved);
            },
            p.state().values[k]);
        CHECK(test::derivative_agrees(p.gradient_state().values[k], difference));
    }
    CHECK(squares(p.gradient_state().values) > 0);

    table without({.vocabulary = 3, .value_head = false});
    CHECK(policy_pass(without, serial()).score(batch).values.empty());
    CHECK_THROWS_AS(policy_pass(without, serial())
                        .accumulate_gradient(batch, clipped_policy(old_log_probs, advantages), value_loss, weights),
                    shape_error);
}

TEST_CASE("tabular: the responses that are enumerated are all of them") {
    for (const double temperature : {1.0, 0.6}) {
        const enumeration all(temperature);
        table p = random_policy(all.options, 1);
        CHECK(all.responses.size() == 15);
        const vec probabilities = all.probabilities(p);
        CHECK(dot(probabilities, vec(15, 1.0)) == Approx(1).epsilon(1e-13));
        CHECK(largest_difference(policy_pass(p, serial()).score(all.batch).log_probs, all.log_probs(p)) < 1e-14);
    }
}

TEST_CASE("tabular: at ratio 1 the expected PPO gradient is the derivative of the expected reward") {
    for (const double temperature : {1.0, 0.6}) {
        const enumeration all(temperature);
        table p = random_policy(all.options, 1);
        const vec gradient = all.expected_gradient(p, all.advantages(all.rewards(scores, all.zeros()), all.zeros()));
        const vec difference = derivative(p, [&](const table& at) { return dot(all.probabilities(at), scores); });
        CHECK(largest_difference(gradient, difference) < 1e-6);
        CHECK(squares(gradient) > 1e-2);
    }
}

TEST_CASE("tabular: no value function changes the expected gradient while gamma = lambda = 1") {
    const enumeration all;
    table p = random_policy(all.options, 1);
    const vec rewards = all.rewards(scores, all.zeros());
    const vec expected = all.expected_gradient(p, all.advantages(rewards, all.zeros()));
    // The critic of the policy itself, whatever it says; a constant; a different number for every prefix.
    const vec critic = policy_pass(p, serial()).score(all.batch).values;
    std::map<ids, double> of_prefix;
    vec arbitrary, exact;
    const vec probabilities = all.probabilities(p);
    for (const ids& r : all.responses)
        for (std::size_t t = 0; t < r.size(); ++t) {
            const ids prefix(r.begin(), r.begin() + static_cast<std::ptrdiff_t>(t));
            arbitrary.push_back(
                of_prefix.emplace(prefix, std::sin(3.0 * static_cast<double>(of_prefix.size()))).first->second);
            double reached = 0, reward = 0;
            for (std::size_t b = 0; b < all.responses.size(); ++b)
                if (std::equal(
                        prefix.begin(), prefix.end(), all.responses[b].begin(),
                        all.responses[b].begin() + static_cast<std::ptrdiff_t>(std::min(t, all.responses[b].size())))) {
                    reached += probabilities[b];
                    reward += probabilities[b] * scores[b];
                }
            exact.push_back(reward / reached);
        }
    for (const vec& values : {critic, vec(critic.size(), 3.0), arbitrary, exact})
        CHECK(largest_difference(all.expected_gradient(p, all.advantages(rewards, values)), expected) < 1e-12);
    // With lambda < 1 that holds for the exact value function, V(prefix) = E[reward | prefix], and only for it.
    for (const double lambda : {0.0, 0.5, 0.95}) {
        CHECK(largest_difference(all.expected_gradient(p, all.advantages(rewards, exact, lambda)), expected) < 1e-12);
        CHECK(largest_difference(all.expected_gradient(p, all.advantages(rewards, arbitrary, lambda)), expected) >
              1e-3);
    }
}

// With k_t = k(d_t), d_t = log π(y_t | y_<t) − log π⁽⁰⁾(y_t | y_<t), and J(θ) = E[R − β·Σ_t k_t]:
//
//     ∇J = E[(R − β·Σ_t k_t)·∇log π(y)] − β·E[Σ_t ∇k_t]
//
// A shaped reward is a number: PPO sees the first term only, in which rewards of the past may be left out since
// E[∇log π(y_t) | y_<t] = 0. So
//
//     expected PPO gradient = ∇J + β·E[Σ_t k'(d_t)·∇log π(y_t | y_<t)]
//
// k1:  k' = 1, the term vanishes: the gradient is exactly that of E[R] − β·KL(π‖π⁽⁰⁾)
// k2:  k' = d, the term is β·Σ_t E[∇KL(π‖π⁽⁰⁾ at y_<t)]
// k3:  k' = 1 − e^−d, the term is β·Σ_t E[∇KL(π⁽⁰⁾‖π at y_<t)], though E[Σ k3] = KL(π‖π⁽⁰⁾) as for k1
//
// and with the KL of the whole distributions in the reward, a number that does not depend on y_t, the term is that
// of k2: the KL of a step never pulls at the step itself.
TEST_CASE("tabular: with a KL in the rewards the expected gradient is what the score function gives") {
    const enumeration all;
    const double beta = 0.3;
    table p = random_policy(all.options, 1);
    table reference = random_policy(all.options, 2);
    const vec ref_log_probs = reference_log_probs(reference, all.batch, serial());
    CHECK(largest_difference(ref_log_probs, all.log_probs(reference)) < 1e-14);
    const vec p_at = all.log_probs(p);

    /// KL(π‖π⁽⁰⁾) over whole responses.
    const auto sequence_kl = [&](const table& at) {
        const vec probabilities = all.probabilities(at), of_reference = all.probabilities(reference);
        double sum = 0;
        for (std::size_t b = 0; b < probabilities.size(); ++b)
            sum += probabilities[b] * std::log(probabilities[b] / of_reference[b]);
        return sum;
    };
    const auto expected_reward = [&](const table& at) { return dot(all.probabilities(at), scores); };
    const auto kl_of = [&](const table& at, kl_estimator estimator) {
        vec kl = all.zeros();
        sampled_kl(all.log_probs(at), ref_log_probs, all.batch.responses(), kl, estimator);
        return kl;
    };
    const auto ppo_gradient = [&](const vec& kl) {
        return all.expected_gradient(p, all.advantages(all.rewards(scores, kl, beta), all.zeros()));
    };
    const auto plus = [](vec a, double factor, const vec& b) {
        for (std::size_t i = 0; i < a.size(); ++i) a[i] += factor * b[i];
        return a;
    };
    const vec of_objective =
        derivative(p, [&](const table& at) { return expected_reward(at) - beta * sequence_kl(at); });
    const vec of_kl = derivative(p, sequence_kl);

    SECTION("k1: the derivative of E[R] − β·KL, because the score function has expectation zero") {
        CHECK(largest_difference(ppo_gradient(kl_of(p, kl_estimator::k1)), of_objective) < 1e-6);
        const vec ones(all.zeros().size(), 1.0);
        CHECK(std::sqrt(squares(all.expected_gradient(p, ones))) < 1e-14);
        CHECK(squares(of_kl) > 1e-2);
    }
    SECTION("any estimator: the derivative of E[R − β·Σ k] and the score-function term") {
        for (const kl_estimator estimator : {kl_estimator::k1, kl_estimator::k2, kl_estimator::k3, kl_estimator::abs}) {
            const vec difference = derivative(p, [&](const table& at) {
                const vec kl = kl_of(at, estimator);
                return expected_reward(at) - beta * dot(all.weights(at), kl);
            });
            vec slope = all.zeros();
            for (std::size_t i = 0; i < slope.size(); ++i)
                slope[i] = kl_estimate(estimator, p_at[i], ref_log_probs[i]).d_log_prob;
            const vec term = all.expected_gradient(p, slope);
            CHECK(largest_difference(ppo_gradient(kl_of(p, estimator)), plus(difference, beta, term)) < 1e-6);
        }
    }
    // Σ_t E_π[KL at y_<t], once with the distribution of the prefixes held fixed.
    const vec k1 = kl_of(p, kl_estimator::k1);
    const vec own_step = all.expected_gradient(p, k1);
    SECTION("k3: unbiased as a number, but its gradient has the reverse KL of every step in it") {
        CHECK(dot(all.weights(p), kl_of(p, kl_estimator::k3)) == Approx(sequence_kl(p)).epsilon(1e-12));
        // Σ_t E[KL(π⁽⁰⁾‖π at y_<t)] with prefixes from p: tokens weigh π⁽⁰⁾/π, and −log π is what depends on θ.
        const vec weights = all.weights(p);
        const vec reverse = derivative(p, [&](const table& at) {
            const vec log_probs = all.log_probs(at);
            double sum = 0;
            for (std::size_t i = 0; i < weights.size(); ++i)
                sum += weights[i] * std::exp(ref_log_probs[i] - p_at[i]) * (ref_log_probs[i] - log_probs[i]);
            return sum;
        });
        CHECK(largest_difference(ppo_gradient(kl_of(p, kl_estimator::k3)), plus(of_objective, beta, reverse)) < 1e-6);
        CHECK(squares(reverse) > 1e-2);
    }
    SECTION("the exact KL in the reward does not pull at its own step") {
        const vec exact = exact_kl(p, reference, all.batch, serial());
        CHECK(dot(all.weights(p), exact) == Approx(sequence_kl(p)).epsilon(1e-12));
        CHECK(largest_difference(ppo_gradient(exact), plus(of_objective, beta, own_step)) < 1e-6);
        CHECK(squares(own_step) > 1e-2);
        // On responses of a single token it does nothing at all, while k1 is exact.
        token_batch single;
        for (token_id id = 0; id < 3; ++id) single.add(all.prompt, ids{id});
        policy_pass pass(p, serial());
        const vec old = pass.score(single).log_probs, ref = reference_log_probs(reference, single, serial());
        vec weights(3), d(3);
        for (std::size_t i = 0; i < 3; ++i) {
            weights[i] = std::exp(old[i]);
            d[i] = old[i] - ref[i];
        }
        const auto gradient = [&](const vec& kl) {
            p.zero_gradient();
            pass.accumulate_gradient(single, clipped_policy(old, kl), no_value_loss(), weights);
            return p.gradient_norm();
        };
        CHECK(gradient(exact_kl(p, reference, single, serial())) < 1e-14);
        CHECK(gradient(d) > 0.1);
    }
}

TEST_CASE("tabular: samples are as frequent as the exact probabilities say") {
    const std::size_t count = 40'000;
    for (const double temperature : {1.0, 0.6}) {
        const enumeration all(temperature);
        const table p = random_policy(all.options, 1, 0.5);
        std::vector<generation_prompt> prompts(count);
        for (std::size_t i = 0; i < count; ++i)
            prompts[i] = {.ids = all.prompt, .row = static_cast<std::uint32_t>(i), .group = 0};
        const generation_request request{.sampling = {.temperature = temperature},
                                         .max_new_tokens = static_cast<std::int64_t>(enumeration::longest),
                                         .stop = {enumeration::end},
                                         .seed = 12};
        std::map<ids, double> found;
        double wrong_log_probs = 0;
        const vec log_probs = all.log_probs(p);
        for (const trajectory& t : p.sample(prompts, request)) {
            found[t.response] += 1;
            const auto b = static_cast<std::size_t>(std::find(all.responses.begin(), all.responses.end(), t.response) -
                                                    all.responses.begin());
            REQUIRE(b < all.responses.size());
            CHECK(t.truncated() == (t.response.back() != enumeration::end));
            for (std::size_t i = 0; i < t.response.size(); ++i)
                wrong_log_probs = std::max(
                    wrong_log_probs,
                    std::abs(static_cast<double>(t.log_probs[i].at_temperature) - log_probs[all.begin(b) + i]));
        }
        CHECK(wrong_log_probs < 1e-6);

        const auto chi_squared = [&](const vec& probabilities) {
            double sum = 0;
            for (std::size_t b = 0; b < probabilities.size(); ++b) {
                const double expected = static_cast<double>(count) * probabilities[b];
                CHECK(expected > 5);  // the approximation by chi-squared asks for it
                sum += (found[all.responses[b]] - expected) * (found[all.responses[b]] - expected) / expected;
            }
            return sum;
        };
        // 36.12 is exceeded once in a thousand for 14 degrees of freedom.
        CHECK(chi_squared(all.probabilities(p)) < 36.12);
        const enumeration other(temperature + 0.1);  // and the test is sharp
        CHECK(chi_squared(other.probabilities(p)) > 36.12);
    }
}

TEST_CASE("tabular: the same response whatever is sampled beside it") {
    const enumeration all;
    table p = random_policy(all.options, 1);
    std::vector<generation_prompt> prompts;
    for (std::uint32_t i = 0; i < 150; ++i)
        prompts.push_back({.ids = {static_cast<token_id>(i % 3)}, .row = i, .group = i});
    const generation_request request{.max_new_tokens = 9, .stop = {0}, .seed = 5};
    const auto together = p.sample(prompts, request);
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        const auto alone = p.sample(std::span(prompts).subspan(i, 1), request);
        CHECK(alone[0].response == together[i].response);
        CHECK(alone[0].group == together[i].group);
    }
    CHECK(p.sample({}, request).empty());
}

TEST_CASE("tabular: following the expected gradient raises the expected reward to the best response") {
    const enumeration all;
    table p(all.options);
    for (int i = 0; i < 400; ++i) {
        all.expected_gradient(p, all.advantages(all.rewards(scores, all.zeros()), all.zeros()));
        p.optimizer_step(2.0, 1.0);
    }
    CHECK(dot(all.probabilities(p), scores) > 0.98 * *std::max_element(scores.begin(), scores.end()));
}

TEST_CASE("tabular: a snapshot stays, a copy goes on alike, scoring leaves an evaluate outstanding") {
    const enumeration all;
    table p = random_policy(all.options, 1);
    auto frozen = p.snapshot();
    const vec before = reference_log_probs(frozen, all.batch, serial());
    const auto out = p.evaluate(all.batch);
    token_batch other;
    other.add(ids{1}, ids{1});
    p.score_logits(other);
    const vec d(static_cast<std::size_t>(out.logits.size()), 0.1);
    table copy = p;
    for (table* q : {&p, &copy}) {
        q->backward(strided_view<const double, 2>(d.data(), out.logits.extents()), {});
        q->optimizer_step(1, 1);
    }
    CHECK(p.state().logits == copy.state().logits);
    CHECK(p.state().logits != frozen.state().logits);
    CHECK(reference_log_probs(frozen, all.batch, serial()) == before);
    p.restore(frozen.state());
    CHECK(reference_log_probs(p, all.batch, serial()) == before);
}

TEST_CASE("tabular: the gradient is the same bits for any split between rows") {
    const enumeration all;
    table p = random_policy(all.options, 1);
    const vec advantages = test::normal<double>(all.zeros().size(), 6);
    all.expected_gradient(p, advantages);
    const vec whole = p.gradient_state().logits, weights = all.weights(p);
    policy_pass pass(p, serial());
    const vec old = pass.score(all.batch).log_probs;
    p.zero_gradient();
    for (std::size_t b = 0; b < all.responses.size(); ++b) {
        token_batch row;
        row.add(all.prompt, all.responses[b]);
        const auto part = [&](const vec& x) {
            return vec(x.begin() + static_cast<std::ptrdiff_t>(all.begin(b)),
                       x.begin() + static_cast<std::ptrdiff_t>(all.begin(b + 1)));
        };
        const vec old_part = part(old), advantages_part = part(advantages);
        pass.accumulate_gradient(row, clipped_policy(old_part, advantages_part), no_value_loss(), part(weights));
    }
    CHECK(p.gradient_state().logits == whole);
}

TEST_CASE("tabular: empty batches and empty responses") {
    table p({.vocabulary = 3, .order = 2});
    token_batch batch;
    CHECK(p.evaluate(batch).logits.extents() == std::array<std::int64_t, 2>{0, 3});
    batch.add(ids{1}, ids{});
    CHECK(policy_pass(p, serial()).score(batch).log_probs.empty());
    const auto out = p.evaluate(batch);
    p.backward(out.logits, out.values);
    CHECK(p.gradient_norm() == 0);
}

TEST_CASE("tabular: errors name what and where") {
    CHECK_THROWS_AS(table({.vocabulary = 0}), option_error);
    CHECK_THROWS_AS(table({.vocabulary = 2, .order = 0}), option_error);
    CHECK_THROWS_WITH(table({.vocabulary = 1000, .order = 3}), Catch::Contains("at most 2^28 logits"));
    CHECK_THROWS_AS(table({.vocabulary = std::numeric_limits<std::int64_t>::max(), .order = 50}), option_error);

    table p({.vocabulary = 3, .order = 2});
    const auto refused = [&](const ids& prompt, const ids& response) {
        token_batch batch;
        batch.add(ids{0}, ids{1});
        batch.add(prompt, response);
        CHECK_THROWS_AS(p.score_logits(batch), value_error);
        CHECK_THROWS_WITH(p.evaluate(batch), Catch::Contains("is not in the vocabulary of 3"));
    };
    refused({3}, {0});
    refused({-1}, {0});
    refused({0, 1}, {1, 3});
    token_batch last;
    last.add(ids{0, 1}, ids{2, 7});
    CHECK_THROWS_WITH(p.evaluate(last), "tabular_policy: id 7 at position 3 of a row is not in the vocabulary of 3");
    const std::vector<generation_prompt> prompts = {{.ids = {5}}};
    CHECK_THROWS_AS(p.sample(prompts, {}), value_error);

    const vec d(6);
    CHECK_THROWS_WITH(p.backward(tensor_at(d.data(), 2, 3), {}), Catch::Contains("no evaluate is outstanding"));
    token_batch batch;
    batch.add(ids{0}, ids{1, 2});
    p.evaluate(batch);
    CHECK_THROWS_AS(p.backward(tensor_at(d.data(), 3, 2), {}), shape_error);
    CHECK_THROWS_AS(p.backward(tensor_at(d.data(), 2, 3), tensor_at(d.data(), 3)), shape_error);
    p.backward(tensor_at(d.data(), 2, 3), {});
    CHECK_THROWS_AS(p.backward(tensor_at(d.data(), 2, 3), {}), value_error);
    CHECK_THROWS_AS(p.restore({vec(5), vec(16)}), shape_error);
    CHECK_THROWS_AS(p.restore({vec(48), vec(3)}), shape_error);
}

TEST_CASE("the table's parameters and gradient are seen as flat arrays: the logits, then the values") {
    table p = random_policy({.vocabulary = 3, .order = 1}, 1);
    const vec before = p.parameters();
    REQUIRE(before.size() == 12 + 4);
    CHECK(before[3 * 2 + 1] == p.state().logits[3 * 2 + 1]);
    CHECK(before[12 + 2] == p.state().values[2]);

    vec changed = before;
    changed[7] = 5;
    changed[14] = -5;
    p.set_parameters(changed);
    CHECK(p.parameters() == changed);
    CHECK(p.state().logits[7] == 5);
    CHECK(p.state().values[2] == -5);

    token_batch batch;
    batch.add(ids{1}, ids{0, 2});
    p.evaluate(batch);
    const vec d_logits = {1, 2, 3, 4, 5, 6}, d_values = {7, 8};
    p.backward(tensor_at(d_logits.data(), 2, 3), view(d_values));
    vec expected(16);
    for (std::size_t j = 0; j < 3; ++j) {
        expected[2 * 3 + j] = d_logits[j];      // after id 1
        expected[1 * 3 + j] = d_logits[3 + j];  // after id 0
    }
    expected[12 + 2] = 7;
    expected[12 + 1] = 8;
    CHECK(p.gradient() == expected);
    CHECK_THROWS_AS(p.set_parameters(vec(15)), shape_error);
}
