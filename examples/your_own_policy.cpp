// Your own model, trained by reft: a small network over the last tokens, with a backward pass of its own.
//
// It adds digits. The worked examples of the warm-up are right one time in three, and so is a policy that imitates
// them. ReFT goes on from there: it samples answers, is told which of them are right, and needs no examples.
#include <reft/models/adamw.hpp>
#include <reft/reft.hpp>
#include <reft/text/char_tokenizer.hpp>
#include <reft/training/reft.hpp>
#include <reft/training/sft.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <vector>

using floats = std::vector<float>;
using token_ids = std::span<const reft::token_id>;

// ---- What you have already: a model. Here h = tanh(Σ_k E_k[k-th last token]), logits = W·h. -----------------------
struct network {
    static constexpr std::size_t window = 7, width = 64;
    std::size_t vocabulary;
    floats parameters, gradient;  // E [window][vocabulary][width], then W [vocabulary][width]

    network(std::size_t size, std::uint64_t seed) : vocabulary(size), gradient((window + 1) * size * width) {
        reft::random_stream random(seed, reft::random_purpose::initialisation);
        while (parameters.size() < gradient.size()) parameters.push_back(static_cast<float>(0.2 * random.normal()));
    }
    std::size_t embedding(token_ids row, std::size_t k) const {
        return (k * vocabulary + static_cast<std::size_t>(row[row.size() - 1 - k])) * width;
    }
    std::size_t head(std::size_t j) const { return (window * vocabulary + j) * width; }
    floats hidden(token_ids row) const {
        floats h(width);
        for (std::size_t k = 0; k < window && k < row.size(); ++k)
            for (std::size_t i = 0; i < width; ++i) h[i] += parameters[embedding(row, k) + i];
        for (float& x : h) x = std::tanh(x);
        return h;
    }
    floats logits(token_ids row) const {  // of the token that follows the row
        floats out(vocabulary), h = hidden(row);
        for (std::size_t j = 0; j < vocabulary; ++j)
            for (std::size_t i = 0; i < width; ++i) out[j] += parameters[head(j) + i] * h[i];
        return out;
    }
    void backward(token_ids row, reft::strided_view<const float, 1> d_logits) {
        floats d(width), h = hidden(row);
        for (std::size_t j = 0; j < vocabulary; ++j)
            for (std::size_t i = 0; i < width; ++i) {
                gradient[head(j) + i] += d_logits(j) * h[i];
                d[i] += d_logits(j) * parameters[head(j) + i] * (1 - h[i] * h[i]);
            }
        for (std::size_t k = 0; k < window && k < row.size(); ++k)
            for (std::size_t i = 0; i < width; ++i) gradient[embedding(row, k) + i] += d[i];
    }
};

// ---- What you write: the members that <reft/policy/concepts.hpp> asks for. -----------------------------------------
struct my_policy {
    using scalar = float;
    network net;
    reft::adamw_state<float> adam{static_cast<std::int64_t>(net.parameters.size())};
    std::vector<std::vector<reft::token_id>> contexts = {};  // what stands in front of every response token
    floats logits = {}, no_values = {};

    // A logits policy: the logits of every response token. A value head would fill `values` too, and find its
    // derivatives in d_values; without one ReFT learns from the reward to go.
    struct evaluated {
        reft::strided_view<float, 2> logits;
        floats& values;
    };
    evaluated evaluate(const reft::token_batch& batch) {
        contexts.clear(), logits.clear();
        for (std::size_t i = 0, b = 0; i < batch.predictors().size(); ++i) {
            while (batch.predictors()[i] >= batch.offsets()[b + 1]) ++b;  // row b
            const auto ids = batch.ids().begin();
            contexts.emplace_back(ids + batch.offsets()[b], ids + batch.predictors()[i] + 1);
            const floats out = net.logits(contexts.back());
            logits.insert(logits.end(), out.begin(), out.end());
        }
        return {reft::tensor_at(logits.data(), contexts.size(), net.vocabulary), no_values};
    }
    // reft makes a loss of the logits and comes back with the derivative: here your own backward pass begins.
    void backward(reft::strided_view<const float, 2> d_logits, reft::strided_view<const float, 1>) {
        for (std::size_t i = 0; i < contexts.size(); ++i)
            net.backward(contexts[i], d_logits[static_cast<std::int64_t>(i)]);
    }

    // Your optimiser; Adam on flat arrays is at hand. Through gradient_scale reft clips the gradient.
    void zero_gradient() { net.gradient.assign(net.gradient.size(), 0); }
    double gradient_norm() const {
        return std::sqrt(std::inner_product(net.gradient.begin(), net.gradient.end(), net.gradient.begin(), 0.0));
    }
    void optimizer_step(double learning_rate, double gradient_scale) {
        reft::adamw_step<float>(net.parameters, net.gradient, adam, learning_rate, gradient_scale);
    }

    // The reference policy that the KL is measured to: a frozen copy that scores.
    my_policy snapshot() const { return *this; }
    auto score_logits(const reft::token_batch& batch) { return evaluate(batch).logits; }

    // Sampling: reft::generate chooses the tokens and asks a decoder of a few rows for logits. A model with a KV cache
    // keeps it per row; this one keeps the tokens.
    struct decoder {
        const network& net;
        std::map<std::int64_t, std::vector<reft::token_id>> rows = {};

        std::int64_t capacity() const { return 32; }
        std::int64_t max_length() const { return 16; }
        void prefill(std::int64_t row, token_ids prompt) { rows[row].assign(prompt.begin(), prompt.end()); }
        void decode(std::span<const std::int64_t> continued, token_ids ids) {
            for (std::size_t i = 0; i < ids.size(); ++i) rows[continued[i]].push_back(ids[i]);
        }
        floats logits(std::int64_t row) const { return net.logits(rows.at(row)); }
        void drop(std::int64_t row) { rows.erase(row); }
    };
    auto sample(std::span<const reft::generation_prompt> prompts, const reft::generation_request& request) {
        decoder d{net};
        return reft::generate(d, prompts, request);
    }
};
static_assert(reft::logits_policy<my_policy> && reft::optimizable<my_policy> && reft::sampler<my_policy>);

// ---- What you run. -------------------------------------------------------------------------------------------------
int main(int argc, char** argv) {
    const std::uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
    const reft::char_tokenizer tokens("0123456789+=#");
    const reft::prompt_template form{.instruction = "", .reasoning_trigger = "="};
    reft::answer_reward reward(reft::trigger_extractor{.answer_trigger = "#"}, reft::within_absolute{});
    std::vector<reft::question> questions;
    for (int i = 0; i < 100; ++i)
        questions.push_back({std::to_string(i / 10) + "+" + std::to_string(i % 10), std::to_string(i / 10 + i % 10)});
    const std::span<const reft::question> asked = questions;
    my_policy policy{network(static_cast<std::size_t>(tokens.vocabulary_size()), seed)};
    const auto report = [&](const char* when) {
        const reft::generation_request request{.stop = {tokens.end_of_sequence()}, .seed = seed};
        const auto result = reft::evaluate_answers(policy, asked, tokens, form, reward, request);
        std::printf("%-17s %3.0f %% of the sampled answers are right\n", when, 100 * result.accuracy);
        return result.accuracy;
    };

    std::vector<reft::sft_example> examples;  // "3+4=" goes on with "#7", "#8" or "#9"
    for (const auto& prompt : reft::prompts_for(asked, tokens, form, 3)) {
        const int right = std::stoi(questions[static_cast<std::size_t>(prompt.group)].gold);
        examples.push_back({prompt.ids, tokens.encode("#" + std::to_string(right + static_cast<int>(prompt.row % 3)))});
        examples.back().response.push_back(tokens.end_of_sequence());
    }
    reft::sft_trainer sft(policy, {.learning_rate = {.rate = 0.01}}, reft::serial());
    reft::shuffled_epochs order(300, seed);
    for (int step = 0; step < 600; ++step) sft.step(examples, order.next(50));
    report("after the warm-up");

    auto reference = policy.snapshot();
    reft::reft_options options{.seed = seed, .form = form};
    options.learning_rate.rate = 0.01;
    reft::reft_trainer trainer(policy, reference, tokens, reward, options, reft::serial());
    for (int step = 0; step < 200; ++step) trainer.step(asked);
    return report("after ReFT") > 0.8 ? 0 : 1;
}
