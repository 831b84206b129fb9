#include <reft/core/weights.hpp>
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/clipped_value.hpp>
#include <reft/loss/entropy_bonus.hpp>
#include <reft/training/policy_pass.hpp>

#include "models/transformer_case.hpp"
#include "support/catch.hpp"
#include "support/test_data.hpp"

#include <algorithm>
#include <cmath>
#include <string>

using namespace reft;
using namespace transformer_case;

namespace {

/// Σ c·logits + Σ u·values: its derivatives by logits and values are c and u.
double linear_loss(transformer<double>& policy, const token_batch& batch, const std::vector<double>& c,
                   const std::vector<double>& u) {
    const auto out = policy.evaluate(batch);
    double loss = 0;
    for (std::int64_t r = 0; r < out.logits.extent(0); ++r)
        for (std::int64_t j = 0; j < out.logits.extent(1); ++j)
            loss += c[static_cast<std::size_t>(r * out.logits.extent(1) + j)] * out.logits(r, j);
    for (std::int64_t r = 0; r < out.values.extent(0); ++r) loss += u[static_cast<std::size_t>(r)] * out.values[r];
    return loss;
}

/// The largest error of a tensor's gradient against central differences, in units of max(1, |g|).
double largest_error(transformer<double>& policy, const parameter_tensor& tensor, const row_lengths& lengths) {
    constexpr double h = 1e-6;  // near zero embeddings the norm bends sharply: at 1e-5 the error still falls as h²
    const token_batch batch = random_batch(lengths, policy.options().vocabulary);
    const auto c = random_gradient<double>(lengths, 0, lengths.size(), policy.options().vocabulary);
    const auto u = random_gradient<double>(lengths, 0, lengths.size(), 1);
    const transformer_state<double> original = policy.state();
    double largest = 0;
    for (std::int64_t i = tensor.offset; i < tensor.offset + tensor.size(); ++i) {
        const auto loss_at = [&](double change) {
            transformer_state<double> state = original;
            state.parameters[static_cast<std::size_t>(i)] += change;
            policy.restore(std::move(state));
            return linear_loss(policy, batch, c, u);
        };
        const double difference = (loss_at(h) - loss_at(-h)) / (2 * h);
        const double g = policy.gradient()[static_cast<std::size_t>(i)];
        largest = std::max(largest, std::fabs(g - difference) / std::max(1.0, std::fabs(g)));
    }
    policy.restore(original);
    return largest;
}

void check_all_gradients(const transformer_options& options, const row_lengths& lengths) {
    serial_executor pool;
    transformer<double> policy(options, 1, pool);
    randomise(policy, 2);
    accumulate(policy, lengths);
    for (const parameter_tensor& tensor : policy.layout().tensors()) {
        INFO(tensor.name);
        double size = 0;
        for (std::int64_t i = 0; i < tensor.size(); ++i)
            size = std::max(size, std::fabs(policy.gradient()[static_cast<std::size_t>(tensor.offset + i)]));
        CHECK(size > 1e-3);  // a gradient that is zero throughout would prove nothing
        CHECK(largest_error(policy, tensor, lengths) <= 1e-6);
    }
}

const row_lengths mixed_rows{{3, 4}, {1, 1}, {5, 0}, {2, 7}};

}  // namespace

TEST_CASE("gradients of every parameter: grouped-query attention, tied head, values") {
    check_all_gradients(
        {.vocabulary = 7, .width = 8, .layers = 2, .heads = 4, .kv_heads = 2, .hidden = 5, .max_length = 12},
        mixed_rows);
}

TEST_CASE("gradients of every parameter: one head of keys, untied head, values") {
    check_all_gradients({.vocabulary = 9,
                         .width = 8,
                         .layers = 1,
                         .heads = 2,
                         .kv_heads = 1,
                         .hidden = 11,
                         .max_length = 12,
                         .tied_head = false},
                        mixed_rows);
}

TEST_CASE("gradients of every parameter: as many heads of keys as of queries, untied head, no values") {
    check_all_gradients({.vocabulary = 5,
                         .width = 12,
                         .layers = 2,
                         .heads = 2,
                         .kv_heads = 2,
                         .hidden = 9,
                         .max_length = 12,
                         .tied_head = false,
                         .value_head = false},
                        mixed_rows);
}

TEST_CASE("gradients of every parameter: a row of more than one block of queries") {
    check_all_gradients(
        {.vocabulary = 3, .width = 4, .layers = 1, .heads = 1, .kv_heads = 1, .hidden = 3, .max_length = 60},
        {{2, 3}, {20, 38}});
}

TEST_CASE("gradients of every parameter: widths beyond one panel") {
    check_all_gradients(
        {.vocabulary = 17, .width = 20, .layers = 1, .heads = 1, .kv_heads = 1, .hidden = 19, .max_length = 12},
        {{3, 4}, {2, 2}});
}

TEST_CASE("gradients of the values alone, the transformer as a critic of its own") {
    serial_executor pool;
    const transformer_options options{
        .vocabulary = 7, .width = 8, .layers = 2, .heads = 2, .kv_heads = 1, .hidden = 6, .max_length = 12};
    transformer<double> critic_of(options, 1, pool);
    randomise(critic_of, 2);
    const token_batch batch = random_batch(mixed_rows, 7);
    const auto u = random_gradient<double>(mixed_rows, 0, mixed_rows.size(), 1);
    CHECK_THROWS_WITH(critic_of.backward_values(tensor_at(u.data(), batch.response_tokens())),
                      "transformer::backward_values: no evaluate is outstanding");
    critic_of.evaluate(batch);
    critic_of.backward_values(tensor_at(u.data(), batch.response_tokens()));
    const std::vector<double> none(static_cast<std::size_t>(batch.response_tokens() * 7));
    const transformer_state<double> original = critic_of.state();
    for (std::size_t i = 0; i < original.parameters.size(); ++i) {
        const double at = original.parameters[i];
        const double difference = test::central_difference(
            [&](double x) {
                transformer_state<double> state = original;
                state.parameters[i] = x;
                critic_of.restore(std::move(state));
                return linear_loss(critic_of, batch, none, u);
            },
            at);
        REQUIRE(test::derivative_agrees(critic_of.gradient()[i], difference));
    }
}

TEST_CASE("gradients of the losses of an update, through policy and value head, over several micro-batches") {
    serial_executor pool;
    const transformer_options options{
        .vocabulary = 7, .width = 8, .layers = 1, .heads = 2, .kv_heads = 1, .hidden = 6, .max_length = 12};
    transformer<double> policy(options, 1, pool);
    randomise(policy, 2);
    policy_pass pass(policy, pool);
    const token_batch all = random_batch(mixed_rows, 7);
    const auto tokens = static_cast<std::size_t>(all.response_tokens());
    // A policy that sampled nearby, so that some ratios are clipped and others are not.
    std::vector<double> old = pass.score(all).log_probs, old_values = pass.score(all).values;
    const std::vector<double> noise = test::normal<double>(3 * tokens, 5);
    std::vector<double> advantages(tokens), targets(tokens), weights(tokens);
    for (std::size_t i = 0; i < tokens; ++i) {
        old[i] += 0.3 * noise[i];
        advantages[i] = noise[tokens + i];
        targets[i] = old_values[i] + noise[2 * tokens + i];
    }
    token_weights(all.responses(), aggregation::sequence_mean_of_token_means, 3.0, weights);
    const auto loss_of = [&](std::size_t begin, std::size_t end, loss_stats before) {
        const token_batch batch = random_batch(mixed_rows, 7, begin, end);
        const auto first = static_cast<std::ptrdiff_t>(all.response_offsets()[begin]);
        const auto n = static_cast<std::ptrdiff_t>(batch.response_tokens());
        const auto part = [&](const std::vector<double>& x) {
            return std::vector<double>(x.begin() + first, x.begin() + first + n);
        };
        const auto o = part(old), a = part(advantages), v = part(old_values), r = part(targets);
        return pass.accumulate_gradient(batch, clipped_policy(o, a) + 0.05 * entropy_bonus<double>(),
                                        0.5 * clipped_value(v, r), part(weights), before);
    };
    policy.zero_gradient();
    loss_stats stats = loss_of(0, 1, {});
    stats = loss_of(1, 3, stats);
    stats = loss_of(3, 4, stats);
    CHECK(stats.policy.clip_fraction() > 0.1);
    CHECK(stats.policy.clip_fraction() < 0.9);
    const std::vector<double> gradient(policy.gradient().begin(), policy.gradient().end());
    const transformer_state<double> original = policy.state();
    for (std::size_t i = 0; i < original.parameters.size(); ++i) {
        const double difference = test::central_difference(
            [&](double x) {
                transformer_state<double> state = original;
                state.parameters[i] = x;
                policy.restore(std::move(state));
                const loss_stats at = loss_of(0, mixed_rows.size(), {});
                return at.policy.loss + at.value.loss;
            },
            original.parameters[i]);
        INFO(i);
        REQUIRE(test::derivative_agrees(gradient[i], difference));
    }
}

TEST_CASE("backward adds to the gradient") {
    serial_executor pool;
    transformer<double> policy({.vocabulary = 7, .width = 8, .heads = 2, .kv_heads = 1, .hidden = 6}, 1, pool);
    randomise(policy, 2);
    accumulate(policy, mixed_rows);
    const std::vector<double> once(policy.gradient().begin(), policy.gradient().end());
    const double norm = policy.gradient_norm();
    accumulate(policy, mixed_rows);
    for (std::size_t i = 0; i < once.size(); ++i) CHECK(policy.gradient()[i] == Approx(2 * once[i]).margin(1e-12));
    CHECK(policy.gradient_norm() == Approx(2 * norm));
    policy.zero_gradient();
    CHECK(policy.gradient_norm() == 0.0);
}

TEST_CASE("d_logits may be a view of any strides, and may be written over the logits") {
    serial_executor pool;
    const transformer_options options{.vocabulary = 7, .width = 8, .heads = 2, .kv_heads = 1, .hidden = 6};
    transformer<double> policy(options, 1, pool);
    randomise(policy, 2);
    accumulate(policy, mixed_rows);
    const std::vector<double> expected(policy.gradient().begin(), policy.gradient().end());
    const token_batch batch = random_batch(mixed_rows, 7);
    const std::int64_t n = batch.response_tokens();
    const auto c = random_gradient<double>(mixed_rows, 0, 4, 7);
    const auto u = random_gradient<double>(mixed_rows, 0, 4, 1);

    policy.zero_gradient();
    const auto out = policy.evaluate(batch);
    for (std::int64_t r = 0; r < n; ++r)
        for (std::int64_t j = 0; j < 7; ++j) out.logits(r, j) = c[static_cast<std::size_t>(r * 7 + j)];
    policy.backward(out.logits, tensor_at(u.data(), n));
    CHECK(std::equal(expected.begin(), expected.end(), policy.gradient().begin()));

    std::vector<double> transposed(c.size()), spread(u.size() * 3);
    for (std::int64_t r = 0; r < n; ++r) {
        spread[static_cast<std::size_t>(3 * r)] = u[static_cast<std::size_t>(r)];
        for (std::int64_t j = 0; j < 7; ++j)
            transposed[static_cast<std::size_t>(j * n + r)] = c[static_cast<std::size_t>(r * 7 + j)];
    }
    policy.zero_gradient();
    policy.evaluate(batch);
    policy.backward({transposed.data(), {n, 7}, {1, n}}, {spread.data(), {n}, {3}});
    CHECK(std::equal(expected.begin(), expected.end(), policy.gradient().begin()));
}

TEST_CASE("without value gradients the value head is left alone") {
    serial_executor pool;
    transformer<double> policy({.vocabulary = 7, .width = 8, .heads = 2, .kv_heads = 1, .hidden = 6}, 1, pool);
    const token_batch batch = random_batch(mixed_rows, 7);
    const auto c = random_gradient<double>(mixed_rows, 0, 4, 7);
    policy.evaluate(batch);
    policy.backward(tensor_at(c.data(), batch.response_tokens(), 7), {});
    for (const char* name : {"value_head.weight", "value_head.bias"}) {
        const parameter_tensor& t = policy.layout().tensor(name);
        for (std::int64_t i = 0; i < t.size(); ++i)
            CHECK(policy.gradient()[static_cast<std::size_t>(t.offset + i)] == 0.0);
    }
    CHECK(policy.gradient_norm() > 0.0);
}
