#include "models/transformer_case.hpp"
#include "support/catch.hpp"

#include <reft/policy/concepts.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

using namespace reft;
using namespace transformer_case;

static_assert(logits_policy<transformer<float>> && logits_policy<transformer<double>>);
static_assert(logits_scorer<transformer<float>> && logits_scorer<transformer_scorer<double>>);
static_assert(sampler<transformer<float>> && optimizable<transformer<float>> && snapshotable<transformer<float>>);
static_assert(inspectable<transformer<float>> && inspectable<transformer<double>>);
static_assert(!log_prob_policy<transformer<float>> && !head_policy<transformer<float>>);
static_assert(!optimizable<transformer_scorer<float>>);
static_assert(transformer<float>::logits_may_be_overwritten);

namespace {

const transformer_options small{
    .vocabulary = 11, .width = 12, .layers = 2, .heads = 2, .kv_heads = 1, .hidden = 10, .max_length = 20};
const row_lengths rows_of_five{{3, 4}, {1, 1}, {5, 0}, {2, 7}, {6, 3}};

using numbers = std::vector<double>;

/// The transformer as a textbook writes it: one position after another, nothing shared, no cache.
struct textbook {
    const transformer<double>& model;

    const transformer_options& o() const { return model.options(); }
    double at(const std::string& name, std::int64_t row, std::int64_t column) const {
        const parameter_tensor& t = model.layout().tensor(name);
        return model.state().parameters[static_cast<std::size_t>(t.offset + row * t.shape.back() + column)];
    }
    numbers times(const std::string& name, const numbers& x) const {
        numbers y(static_cast<std::size_t>(model.layout().tensor(name).shape[0]));
        for (std::size_t i = 0; i < y.size(); ++i)
            for (std::size_t j = 0; j < x.size(); ++j)
                y[i] += at(name, static_cast<std::int64_t>(i), static_cast<std::int64_t>(j)) * x[j];
        return y;
    }
    numbers norm(const std::string& name, const numbers& x) const {
        double square = 0;
        for (const double e : x) square += e * e;
        numbers y = x;
        for (std::size_t i = 0; i < x.size(); ++i)
            y[i] *= at(name, 0, static_cast<std::int64_t>(i)) /
                    std::sqrt(square / static_cast<double>(x.size()) + o().norm_epsilon);
        return y;
    }
    /// Pairs (c, c + half) of each head, as complex numbers, times e^(i·angle).
    numbers turned(const numbers& x, std::size_t position) const {
        numbers y = x;
        const auto width = static_cast<std::size_t>(o().head_width()), half = width / 2;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const std::size_t c = i % width % half;
            const double angle = static_cast<double>(position) /
                                 std::pow(o().rotary_base, 2.0 * static_cast<double>(c) / static_cast<double>(width));
            y[i] = i % width < half ? x[i] * std::cos(angle) - x[i + half] * std::sin(angle)
                                    : x[i] * std::cos(angle) + x[i - half] * std::sin(angle);
        }
        return y;
    }
    numbers attention(const numbers& q, const std::vector<numbers>& k, const std::vector<numbers>& v) const {
        const auto width = static_cast<std::size_t>(o().head_width());
        numbers out(q.size());
        for (std::size_t h = 0; h < static_cast<std::size_t>(o().heads); ++h) {
            const std::size_t kv = h / static_cast<std::size_t>(o().heads / o().kv_heads);
            double sum = 0;
            numbers weighted(width);
            for (std::size_t j = 0; j < k.size(); ++j) {
                double score = 0;
                for (std::size_t c = 0; c < width; ++c) score += q[h * width + c] * k[j][kv * width + c];
                const double e = std::exp(score / std::sqrt(static_cast<double>(width)));
                sum += e;
                for (std::size_t c = 0; c < width; ++c) weighted[c] += e * v[j][kv * width + c];
            }
            for (std::size_t c = 0; c < width; ++c) out[h * width + c] = weighted[c] / sum;
        }
        return out;
    }
    /// The last hidden states of a row.
    std::vector<numbers> hidden(std::span<const token_id> ids) const {
        std::vector<numbers> x;
        for (const token_id id : ids) {
            x.emplace_back();
            for (std::int64_t c = 0; c < o().width; ++c) x.back().push_back(at("model.embed_tokens.weight", id, c));
        }
        const auto add = [](numbers& a, const numbers& b) {
            for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
        };
        for (std::int64_t l = 0; l < o().layers; ++l) {
            const std::string layer = "model.layers." + std::to_string(l) + ".";
            std::vector<numbers> k, v;
            for (std::size_t i = 0; i < x.size(); ++i) {
                const numbers y = norm(layer + "input_layernorm.weight", x[i]);
                k.push_back(turned(times(layer + "self_attn.k_proj.weight", y), i));
                v.push_back(times(layer + "self_attn.v_proj.weight", y));
                const numbers q = turned(times(layer + "self_attn.q_proj.weight", y), i);
                add(x[i], times(layer + "self_attn.o_proj.weight", attention(q, k, v)));
                const numbers z = norm(layer + "post_attention_layernorm.weight", x[i]);
                numbers gate = times(layer + "mlp.gate_proj.weight", z);
                const numbers up = times(layer + "mlp.up_proj.weight", z);
                for (std::size_t c = 0; c < gate.size(); ++c) gate[c] *= up[c] / (1 + std::exp(-gate[c]));
                add(x[i], times(layer + "mlp.down_proj.weight", gate));
            }
        }
        for (numbers& e : x) e = norm("model.norm.weight", e);
        return x;
    }
};

/// Mean cross-entropy of the responses, and its gradient written over the logits.
double cross_entropy(const token_batch& batch, strided_view<float, 2> logits) {
    double loss = 0;
    const auto n = static_cast<float>(logits.extent(0));
    for (std::int64_t r = 0; r < logits.extent(0); ++r) {
        float sum = 0;
        for (std::int64_t j = 0; j < logits.extent(1); ++j) sum += std::exp(logits(r, j));
        const token_id target = batch.response_ids()[static_cast<std::size_t>(r)];
        loss -= static_cast<double>((logits(r, target) - std::log(sum)) / n);
        for (std::int64_t j = 0; j < logits.extent(1); ++j)
            logits(r, j) = (std::exp(logits(r, j)) / sum - (j == target ? 1.0f : 0.0f)) / n;
    }
    return loss;
}

}  // namespace

TEST_CASE("logits and values are those of a textbook transformer") {
    for (const bool tied : {true, false}) {
        transformer_options options = small;
        options.tied_head = tied;
        options.heads = 3;
        serial_executor pool;
        transformer<double> policy(options, 1, pool);
        randomise(policy, 2);
        const textbook book{policy};
        const token_batch batch = random_batch(rows_of_five, options.vocabulary);
        const auto out = policy.evaluate(batch);
        std::int64_t r = 0;
        for (std::size_t b = 0; b < rows_of_five.size(); ++b) {
            const auto begin = static_cast<std::size_t>(batch.offsets()[b]);
            const auto hidden =
                book.hidden(batch.ids().subspan(begin, static_cast<std::size_t>(batch.offsets()[b + 1]) - begin));
            for (std::int64_t t = 0; t < rows_of_five[b].second; ++t, ++r) {
                const numbers& h = hidden[static_cast<std::size_t>(rows_of_five[b].first - 1 + t)];
                const numbers logits = book.times(tied ? "model.embed_tokens.weight" : "lm_head.weight", h);
                for (std::int64_t j = 0; j < options.vocabulary; ++j)
                    CHECK(out.logits(r, j) == Approx(logits[static_cast<std::size_t>(j)]).margin(1e-12));
                CHECK(out.values[r] ==
                      Approx(book.times("value_head.weight", h)[0] + book.at("value_head.bias", 0, 0)).margin(1e-12));
            }
        }
        CHECK(r == out.logits.extent(0));
    }
}

TEST_CASE("initial parameters: norms one, value head zero, the same for the same seed") {
    serial_executor pool;
    const transformer<float> policy(small, 7, pool), again(small, 7, pool), other(small, 8, pool);
    CHECK(policy.state().parameters == again.state().parameters);
    CHECK(policy.state().parameters != other.state().parameters);
    const auto elements = [&](const char* name) {
        const parameter_tensor& t = policy.layout().tensor(name);
        const auto begin = policy.state().parameters.begin() + t.offset;
        return std::vector<float>(begin, begin + t.size());
    };
    for (const float g : elements("model.layers.1.input_layernorm.weight")) CHECK(g == 1.0f);
    for (const float w : elements("value_head.weight")) CHECK(w == 0.0f);
    CHECK(elements("value_head.bias") == std::vector<float>{0.0f});
    CHECK_THROWS_AS(policy.layout().tensor("lm_head.weight"), value_error);  // tied
}

TEST_CASE("the layout covers the flat array without gap, under the names of LLaMA checkpoints") {
    transformer_options options = small;
    options.tied_head = false;
    const transformer_layout layout(options);
    std::int64_t end = 0;
    for (const parameter_tensor& t : layout.tensors()) {
        CHECK(t.offset == end);
        end += t.size();
    }
    CHECK(layout.size() == end);
    CHECK(layout.tensor("model.layers.0.self_attn.k_proj.weight").shape == std::vector<std::int64_t>{6, 12});
    CHECK(layout.tensor("model.layers.1.mlp.down_proj.weight").shape == std::vector<std::int64_t>{12, 10});
    CHECK(layout.tensor("lm_head.weight").shape == std::vector<std::int64_t>{11, 12});
    CHECK(layout.tensor("model.norm.weight").shape == std::vector<std::int64_t>{12});
}

TEST_CASE("steps along the gradient lower a cross-entropy") {
    thread_pool pool(2);
    transformer<float> policy(small, 1, pool);
    const token_batch batch = random_batch(rows_of_five, small.vocabulary);
    const auto loss_and_gradient = [&] {
        policy.zero_gradient();
        const auto out = policy.evaluate(batch);
        const double loss = cross_entropy(batch, out.logits);
        policy.backward(out.logits, {});
        return loss;
    };
    const double first = loss_and_gradient();
    CHECK(first == Approx(std::log(11.0)).margin(0.2));
    policy.optimizer_step(1e-3, 1.0);
    const double second = loss_and_gradient();
    CHECK(second < first);
    for (int step = 0; step < 150; ++step) {
        loss_and_gradient();
        policy.optimizer_step(1e-2, 1.0);
    }
    CHECK(loss_and_gradient() < 0.1);
}

TEST_CASE("a snapshot stays as it was, and gives the bits that the policy gave") {
    serial_executor pool;
    transformer<float> policy(small, 1, pool);
    auto frozen = policy.snapshot();
    const token_batch batch = random_batch(rows_of_five, small.vocabulary);
    const auto before = copy_of(policy.score_logits(batch));
    CHECK(copy_of(frozen.score_logits(batch)) == before);
    accumulate(policy, rows_of_five);
    policy.optimizer_step(0.1, 1.0);
    CHECK(copy_of(policy.score_logits(batch)) != before);
    CHECK(copy_of(frozen.score_logits(batch)) == before);
}

TEST_CASE("a restored state continues with the same bits") {
    serial_executor pool;
    transformer<float> policy(small, 1, pool), other(small, 2, pool);
    accumulate(policy, rows_of_five);
    policy.optimizer_step(0.01, 1.0);
    const transformer_state<float> state = policy.state();
    other.restore(state);
    for (transformer<float>* p : {&policy, &other}) {
        p->zero_gradient();
        accumulate(*p, rows_of_five);
        p->optimizer_step(0.01, 0.3);
    }
    CHECK(policy.state().parameters == other.state().parameters);
    CHECK(other.state().optimizer.steps == 2);
}

TEST_CASE("scoring and sampling leave an outstanding evaluate alone") {
    serial_executor pool;
    transformer<float> policy(small, 1, pool), undisturbed(small, 1, pool);
    accumulate(undisturbed, rows_of_five);
    const token_batch batch = random_batch(rows_of_five, small.vocabulary);
    const auto out = policy.evaluate(batch);
    const auto logits = copy_of(out.logits);
    policy.score_logits(random_batch({{9, 9}, {2, 2}}, small.vocabulary, 0, 2, 77));
    generation_request request;
    request.max_new_tokens = 5;
    policy.sample(std::vector<generation_prompt>{{{1, 2}, 0, 0}}, request);
    CHECK(copy_of(out.logits) == logits);
    const auto c = random_gradient<float>(rows_of_five, 0, 5, small.vocabulary);
    const auto u = random_gradient<float>(rows_of_five, 0, 5, 1);
    policy.backward(tensor_at(c.data(), batch.response_tokens(), small.vocabulary), view(u));
    CHECK(std::equal(policy.gradient().begin(), policy.gradient().end(), undisturbed.gradient().begin()));
}

TEST_CASE("samples end at max_length and can be evaluated") {
    serial_executor pool;
    transformer<float> policy(small, 1, pool);
    generation_request request;
    request.max_new_tokens = 100;
    const auto samples =
        policy.sample(std::vector<generation_prompt>{{{1, 2, 3}, 0, 4}, {std::vector<token_id>(20, 5), 1, 4}}, request);
    CHECK(samples[0].response.size() == 17);
    CHECK(samples[1].response.empty());
    for (const trajectory& t : samples) CHECK((t.truncated() && t.group == 4));
    CHECK(policy.evaluate(batch_of(samples)).logits.extent(0) == 17);
    CHECK(policy.sample({}, request).empty());
}

TEST_CASE("no rows, rows without responses, no value head") {
    serial_executor pool;
    transformer_options options = small;
    options.value_head = false;
    transformer<float> policy(options, 1, pool);
    for (const row_lengths& lengths : {row_lengths{}, row_lengths{{3, 0}, {2, 0}}}) {
        const auto out = policy.evaluate(random_batch(lengths, small.vocabulary));
        CHECK(out.logits.extent(0) == 0);
        CHECK(out.logits.extent(1) == 11);
        policy.backward(out.logits, out.values);
        CHECK(policy.gradient_norm() == 0.0);
        CHECK(policy.score_logits(random_batch(lengths, small.vocabulary)).extent(0) == 0);
    }
    CHECK(policy.evaluate(random_batch(rows_of_five, small.vocabulary)).values.extent(0) == 0);
}

TEST_CASE("a gradient that is not finite shows in its norm") {
    serial_executor pool;
    transformer<float> policy(small, 1, pool);
    const token_batch batch = random_batch(rows_of_five, small.vocabulary);
    const auto out = policy.evaluate(batch);
    out.logits(2, 3) = std::numeric_limits<float>::quiet_NaN();
    policy.backward(out.logits, {});
    CHECK(std::isnan(policy.gradient_norm()));
}

TEST_CASE("transformer errors") {
    serial_executor pool;
    const auto attempt = [&](auto change) {
        transformer_options options = small;
        change(options);
        transformer<float>(options, 1, pool);
    };
    CHECK_THROWS_AS(attempt([](auto& o) { o.vocabulary = 0; }), option_error);
    CHECK_THROWS_AS(attempt([](auto& o) { o.layers = 0; }), option_error);
    CHECK_THROWS_AS(attempt([](auto& o) { o.heads = 4; }), option_error);  // 12 is no multiple of 8
    CHECK_THROWS_AS(attempt([](auto& o) { o.kv_heads = 3; }), option_error);
    CHECK_THROWS_AS(attempt([](auto& o) { o.hidden = -1; }), option_error);
    CHECK_THROWS_AS(attempt([](auto& o) { o.max_length = 0; }), option_error);
    CHECK_THROWS_AS(attempt([](auto& o) { o.norm_epsilon = 0; }), option_error);
    CHECK_THROWS_AS(attempt([](auto& o) { o.optimizer.beta1 = 1; }), option_error);

    transformer<float> policy(small, 1, pool);
    token_batch too_long;
    too_long.add(std::vector<token_id>{1}, std::vector<token_id>{2});
    too_long.add(std::vector<token_id>(15, 1), std::vector<token_id>(6, 2));
    CHECK_THROWS_WITH(policy.evaluate(too_long), "transformer::evaluate: row 1 has 21 tokens but max_length is 20");
    token_batch wrong_id;
    wrong_id.add(std::vector<token_id>{1, 4}, std::vector<token_id>{11});
    CHECK_THROWS_WITH(policy.score_logits(wrong_id),
                      "transformer::score_logits: token 2 of row 0 is 11, outside 0..10");
    auto frozen = policy.snapshot();
    CHECK_THROWS_AS(frozen.score_logits(too_long), value_error);

    const token_batch batch = random_batch(rows_of_five, small.vocabulary);
    std::vector<float> d(static_cast<std::size_t>(batch.response_tokens() * 11));
    const auto d_logits = tensor_at(d.data(), batch.response_tokens(), 11);
    CHECK_THROWS_AS(policy.backward(d_logits, {}), value_error);
    policy.evaluate(batch);
    CHECK_THROWS_AS(policy.backward(tensor_at(d.data(), 11, batch.response_tokens()), {}), shape_error);
    CHECK_THROWS_AS(policy.backward(d_logits, tensor_at(d.data(), 3)), shape_error);
    policy.backward(d_logits, {});
    CHECK_THROWS_AS(policy.backward(d_logits, {}), value_error);  // one backward per evaluate

    generation_request request;
    using prompts = std::vector<generation_prompt>;
    CHECK_THROWS_AS(policy.sample(prompts{{{1, 11}, 0, 0}}, request), value_error);
    CHECK_THROWS_AS(policy.sample(prompts{{{}, 0, 0}}, request), value_error);
    CHECK_THROWS_AS(policy.sample(prompts{{std::vector<token_id>(21, 1), 0, 0}}, request), value_error);
    request.max_new_tokens = -1;
    CHECK_THROWS_AS(policy.sample(prompts{{{1}, 0, 0}}, request), option_error);
    CHECK_THROWS_AS(policy.restore({}), shape_error);
}

TEST_CASE("parameters that are set are those that the next pass uses") {
    serial_executor pool;
    transformer<double> policy(small, 1, pool);
    const token_batch batch = random_batch(rows_of_five, small.vocabulary);
    const numbers before = copy_of(policy.evaluate(batch).logits);
    const numbers original(policy.parameters().begin(), policy.parameters().end());
    numbers changed = original;
    for (double& p : changed) p *= 1.1;

    policy.set_parameters(changed);
    CHECK(policy.state().parameters == changed);
    CHECK_THROWS_AS(policy.backward(tensor_at(before.data(), 15, 11), tensor_at(before.data(), 15)), value_error);
    CHECK(copy_of(policy.evaluate(batch).logits) != before);
    policy.set_parameters(original);
    CHECK(copy_of(policy.evaluate(batch).logits) == before);
    CHECK_THROWS_AS(policy.set_parameters(numbers(original.size() - 1)), shape_error);
}
