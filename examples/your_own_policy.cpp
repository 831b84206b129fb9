// Your own model, trained by reft: a small network over the last tokens, with its own backward pass and optimiser.
//
// It adds digits. The worked examples of the warm-up are right one time in three, and so is a policy that imitates
// them. ReFT goes on from there: it samples answers, is told which of them are right, and needs no examples.
#include <reft/reft.hpp>
#include <reft/text/char_tokenizer.hpp>
#include <reft/training/reft.hpp>
#include <reft/training/sft.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <span>
#include <string>
#include <vector>

using floats = std::vector<float>;
using token_ids = std::span<const reft::token_id>;

// ---- What you have already: a model. Here h = tanh(Σ_k E_k[k-th last token]), (logits, value) = W·h, with Adam. ----
struct network {
    static constexpr std::size_t window = 7, width = 64;
    std::size_t vocabulary;
    floats parameters, gradient, mean, square;  // E [window][vocabulary][width], then W [vocabulary + 1][width]

    network(std::size_t tokens, std::uint64_t seed) : vocabulary(tokens) {
        gradient = mean = square = floats((window * tokens + tokens + 1) * width);
        reft::random_stream random(seed, reft::random_purpose::initialisation);
        while (parameters.size() < gradient.size()) parameters.push_back(static_cast<float>(0.2 * random.normal()));
    }
    template <class F>
    void for_each_input(token_ids row, F f) const {  // f(where an input of unit i lies, i)
        for (std::size_t k = 0; k < window && k < row.size(); ++k)
            for (std::size_t i = 0, id = static_cast<std::size_t>(row[row.size() - 1 - k]); i < width; ++i)
                f((k * vocabulary + id) * width + i, i);
    }
    template <class F>
    void for_each_weight(F f) const {  // f(where the weight lies, output j, unit i)
        for (std::size_t j = 0; j <= vocabulary; ++j)
            for (std::size_t i = 0; i < width; ++i) f((window * vocabulary + j) * width + i, j, i);
    }
    floats units(token_ids row) const {
        floats h(width);
        for_each_input(row, [&](auto at, auto i) { h[i] += parameters[at]; });
        for (float& x : h) x = std::tanh(x);
        return h;
    }
    floats outputs(token_ids row) const {  // logits of the token that follows the row, and behind them the value
        floats out(vocabulary + 1), h = units(row);
        for_each_weight([&](auto at, auto j, auto i) { out[j] += parameters[at] * h[i]; });
        return out;
    }
    void backward(token_ids row, const floats& d_out) {
        floats d(width), h = units(row);
        for_each_weight([&](auto at, auto j, auto i) {
            gradient[at] += d_out[j] * h[i];
            d[i] += d_out[j] * parameters[at] * (1 - h[i] * h[i]);
        });
        for_each_input(row, [&](auto at, auto i) { gradient[at] += d[i]; });
    }
    void adam(float rate, float scale) {
        for (std::size_t i = 0; i < gradient.size(); ++i) {
            const float g = scale * gradient[i];
            mean[i] += 0.1f * (g - mean[i]);
            square[i] += 0.01f * (g * g - square[i]);
            parameters[i] -= rate * mean[i] / (std::sqrt(square[i]) + 1e-8f);
        }
    }
};

// ---- What you write: the members that <reft/policy/concepts.hpp> asks for. -----------------------------------------
struct my_policy {
    using scalar = float;
    network net;
    std::vector<std::vector<reft::token_id>> contexts = {};  // what stands in front of every response token
    floats logits = {}, values = {};

    // A logits policy. Logits and values of every response token; what backward needs is kept.
    struct evaluated {
        reft::strided_view<float, 2> logits;
        floats& values;
    };
    evaluated evaluate(const reft::token_batch& batch) {
        contexts.clear(), logits.clear(), values.clear();
        for (std::size_t b = 0; b < batch.prompt_lengths().size(); ++b)
            for (auto begin = batch.offsets()[b], t = begin + batch.prompt_lengths()[b]; t < batch.offsets()[b + 1];
                 ++t) {
                contexts.emplace_back(batch.ids().begin() + begin, batch.ids().begin() + t);
                const floats out = net.outputs(contexts.back());
                logits.insert(logits.end(), out.begin(), out.end() - 1);
                values.push_back(out.back());
            }
        return {reft::tensor_at(logits.data(), values.size(), net.vocabulary), values};
    }
    // reft makes losses of them and comes back with the derivatives: your backward pass starts from these.
    void backward(reft::strided_view<const float, 2> d_logits, reft::strided_view<const float, 1> d_values) {
        for (std::size_t i = 0; i < contexts.size(); ++i) {
            floats d_out(net.vocabulary + 1, d_values(i));
            for (std::size_t j = 0; j < net.vocabulary; ++j) d_out[j] = d_logits(i, j);
            net.backward(contexts[i], d_out);
        }
    }

    // Your optimiser. Through gradient_scale reft clips the gradient.
    void zero_gradient() { net.gradient.assign(net.gradient.size(), 0); }
    double gradient_norm() const {
        return std::sqrt(std::inner_product(net.gradient.begin(), net.gradient.end(), net.gradient.begin(), 0.0));
    }
    void optimizer_step(double learning_rate, double gradient_scale) {
        net.adam(static_cast<float>(learning_rate), static_cast<float>(gradient_scale));
    }

    // The reference policy that the KL is measured to: a frozen copy that can score.
    my_policy snapshot() const { return *this; }
    auto score_logits(const reft::token_batch& batch) { return evaluate(batch).logits; }

    // Sampling. reft::generate chooses the tokens and asks a decoder of some rows for logits. A KV cache would be kept
    // per row; this model keeps the tokens.
    struct decoder {
        const network& net;
        std::vector<std::vector<reft::token_id>> rows = std::vector<std::vector<reft::token_id>>(32);

        auto& tokens(std::int64_t row) { return rows[static_cast<std::size_t>(row)]; }
        std::int64_t capacity() const { return static_cast<std::int64_t>(rows.size()); }
        std::int64_t max_length() const { return 100; }
        void prefill(std::int64_t row, token_ids prompt) { tokens(row).assign(prompt.begin(), prompt.end()); }
        void decode(std::span<const std::int64_t> continued, token_ids ids) {
            for (std::size_t i = 0; i < ids.size(); ++i) tokens(continued[i]).push_back(ids[i]);
        }
        floats logits(std::int64_t row) const {
            floats out = net.outputs(rows[static_cast<std::size_t>(row)]);
            out.pop_back();  // the value
            return out;
        }
        void drop(std::int64_t) {}
    };
    auto sample(std::span<const reft::generation_prompt> prompts, const reft::generation_request& request) {
        decoder d{net};
        return reft::generate(d, prompts, request);
    }
};
static_assert(reft::logits_policy<my_policy> && reft::optimizable<my_policy> && reft::snapshotable<my_policy> &&
              reft::sampler<my_policy>);

// ---- What you run. -------------------------------------------------------------------------------------------------
int main(int argc, char** argv) {
    const std::uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1;
    const reft::char_tokenizer tokens("0123456789+=#");
    const reft::prompt_template form{.instruction = "", .reasoning_trigger = "=", .answer_trigger = "#"};
    reft::answer_reward reward(reft::trigger_extractor{.reasoning_trigger = "=", .answer_trigger = "#"},
                               reft::within_absolute{});
    std::vector<reft::question> questions;
    for (int i = 0; i < 100; ++i)
        questions.push_back({std::to_string(i / 10) + "+" + std::to_string(i % 10), std::to_string(i / 10 + i % 10)});
    const std::span<const reft::question> asked(questions);
    my_policy policy{network(static_cast<std::size_t>(tokens.vocabulary_size()), seed)};
    const auto report = [&](const char* when) {
        const auto result = reft::evaluate_answers(policy, asked, tokens, form, reward,
                                                   {.max_new_tokens = 8, .stop = {tokens.end_of_sequence()}});
        std::printf("%-17s %3.0f %% of the sampled answers are right\n", when, 100 * result.accuracy);
    };

    std::vector<reft::sft_example> examples;  // "3+4=" continued by "#7", "#8" and "#9"
    for (const auto& prompt : reft::prompts_for(asked, tokens, form))
        for (int wrong = 0; wrong < 3; ++wrong) {
            const int right = std::stoi(questions[static_cast<std::size_t>(prompt.group)].gold);
            examples.push_back({prompt.ids, tokens.encode("#" + std::to_string(right + wrong))});
            examples.back().response.push_back(tokens.end_of_sequence());
        }
    reft::sft_trainer sft(policy, {.learning_rate = {.rate = 0.01}}, reft::serial());
    reft::shuffled_epochs order(static_cast<std::int64_t>(examples.size()), seed);
    for (int step = 0; step < 300; ++step) sft.step(examples, order.next(50));
    report("after the warm-up");

    auto reference = policy.snapshot();
    reft::reft_options options{.seed = seed, .form = form, .samples_per_question = 4};
    options.generation.max_new_tokens = 8;
    options.kl_coef = 0.01;
    options.learning_rate.rate = 0.01;
    reft::reft_trainer trainer(policy, reference, tokens, reward, options, reft::serial());
    for (int step = 0; step < 100; ++step) trainer.step(asked);
    report("after ReFT");
}
