// A model written with xtensor, trained by reft. Logits and values are two views of one xtensor, shown by the adapter.
//
// It adds a digit to a number of two digits. Two in three annotators of the warm-up forget to carry, and a policy that
// imitates them does so too. ReFT samples answers of its own, is told which are right, and finds out. A value head says
// what to expect. Accuracy is counted on questions of which neither the warm-up nor ReFT saw one.
#include <reft/adapters/xtensor.hpp>
#include <reft/models/adamw.hpp>
#include <reft/reft.hpp>
#include <reft/text/char_tokenizer.hpp>
#include <reft/training/evaluation.hpp>
#include <reft/training/loop.hpp>
#include <reft/training/reft.hpp>
#include <reft/training/sft.hpp>

#if __has_include(<xtensor/containers/xtensor.hpp>)  // 0.26 and later
#include <xtensor/core/xmath.hpp>
#include <xtensor/core/xnoalias.hpp>
#include <xtensor/misc/xmanipulation.hpp>
#else
#include <xtensor/xmanipulation.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>
#endif

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

using vector = xt::xtensor<float, 1>;
using matrix = xt::xtensor<float, 2>;
using id_matrix = xt::xtensor<std::size_t, 2>;
using token_ids = std::span<const reft::token_id>;
using xt::all, xt::newaxis, xt::range;

/// A·B, as a sum of outer products.
template <class A, class B>
matrix product(const A& a, const B& b) {
    matrix c = xt::zeros<float>({a.shape()[0], b.shape()[1]});
    for (std::size_t k = 0; k < b.shape()[0]; ++k)
        xt::noalias(c) += xt::view(a, all(), k, newaxis()) * xt::view(b, newaxis(), k, all());
    return c;
}

// ---- What you have already: a model. Here h = tanh(b + Σ_k E_k[k-th last token]), output = h·W + c; the columns of
// ---- the output are the logits, and behind them the value. --------------------------------------------------------
constexpr std::size_t window = 7, width = 48;

struct weights {
    xt::xtensor<float, 3> embeddings;  // E [window, vocabulary + 1, width]; the last id stands for “before the prompt”
    vector bias;                       // b
    matrix head;                       // W [width, vocabulary + 1]
    vector head_bias;                  // c

    explicit weights(std::size_t vocabulary)
        : embeddings(xt::zeros<float>({window, vocabulary + 1, width})),
          bias(xt::zeros<float>({width})),
          head(xt::zeros<float>({width, vocabulary + 1})),
          head_bias(xt::zeros<float>({vocabulary + 1})) {}
    std::array<std::span<float>, 4> parts() { return {embeddings, bias, head, head_bias}; }
    vector flat() const { return xt::concatenate(xt::xtuple(xt::ravel(embeddings), bias, xt::ravel(head), head_bias)); }
};

struct network {
    weights theta, gradient;
    id_matrix ids;  // of the last forward pass, [n, window]: the k-th last token in front of each position
    matrix hidden;  // [n, width]

    matrix forward(id_matrix contexts) {
        ids = std::move(contexts);
        hidden = xt::broadcast(theta.bias, {ids.shape()[0], width});
        for (std::size_t i = 0; i < ids.shape()[0]; ++i)
            for (std::size_t k = 0; k < window; ++k)
                xt::row(hidden, static_cast<std::ptrdiff_t>(i)) += xt::view(theta.embeddings, k, ids(i, k), all());
        hidden = xt::tanh(hidden);
        return product(hidden, theta.head) + theta.head_bias;
    }
    void backward(const matrix& d_output) {
        gradient.head += product(xt::transpose(hidden), d_output);
        gradient.head_bias += xt::sum(d_output, {0});
        const matrix d = product(d_output, xt::transpose(theta.head)) * (1 - hidden * hidden);
        gradient.bias += xt::sum(d, {0});
        for (std::size_t i = 0; i < ids.shape()[0]; ++i)
            for (std::size_t k = 0; k < window; ++k)
                xt::view(gradient.embeddings, k, ids(i, k), all()) += xt::row(d, static_cast<std::ptrdiff_t>(i));
    }
};

// ---- What you write: the members that <reft/policy/concepts.hpp> asks for. ------------------------------------------
/// Logits and values as the model has them.
template <class Logits, class Values>
struct outputs {
    Logits logits;
    Values values;
};
template <class Logits, class Values>
outputs(Logits, Values) -> outputs<Logits, Values>;

class xtensor_policy {
  public:
    using scalar = float;
    static constexpr bool logits_may_be_overwritten = true;  // by their gradient: the model needs them no more

    xtensor_policy(std::size_t vocabulary, std::uint64_t seed)
        : vocabulary_(vocabulary), net_{weights(vocabulary), weights(vocabulary), {}, {}} {
        reft::random_stream random(seed, reft::random_purpose::initialisation);
        for (float& x : net_.theta.embeddings) x = static_cast<float>(0.2 * random.normal());
        for (float& x : net_.theta.head) x = static_cast<float>(0.2 * random.normal());
        for (const auto part : net_.theta.parts()) adam_.emplace_back(static_cast<std::int64_t>(part.size()));
    }

    auto evaluate(const reft::token_batch& batch) {
        output_ = net_.forward(contexts_of(batch));
        return outputs{xt::view(output_, all(), range(0, vocabulary_)), xt::view(output_, all(), vocabulary_)};
    }
    void backward(reft::strided_view<const float, 2> d_logits, reft::strided_view<const float, 1> d_values) {
        for (std::int64_t i = 0; i < d_values.extent(0); ++i) {
            for (std::int64_t j = 0; j < d_logits.extent(1); ++j) output_(i, j) = d_logits(i, j);
            output_(i, vocabulary_) = d_values[i];
        }
        net_.backward(output_);
    }
    auto score_logits(const reft::token_batch& batch) { return evaluate(batch).logits; }
    xtensor_policy snapshot() const { return *this; }

    void zero_gradient() { net_.gradient = weights(vocabulary_); }
    double gradient_norm() const { return std::sqrt(xt::sum<double>(xt::square(gradient()))()); }
    void optimizer_step(double learning_rate, double gradient_scale) {
        const auto theta = net_.theta.parts(), gradient = net_.gradient.parts();
        for (std::size_t i = 0; i < theta.size(); ++i)
            reft::adamw_step<float>(theta[i], gradient[i], adam_[i], learning_rate, gradient_scale);
    }

    // All of it as flat arrays, for a check by finite differences say.
    vector parameters() const { return net_.theta.flat(); }
    vector gradient() const { return net_.gradient.flat(); }
    void set_parameters(std::span<const float> values) {
        for (const auto part : net_.theta.parts()) {
            std::copy_n(values.begin(), part.size(), part.begin());
            values = values.subspan(part.size());
        }
    }

    /// What reft::generate asks for logits: here it keeps the tokens of each row, and the last output.
    struct decoder {
        network net;
        std::size_t vocabulary;
        std::vector<std::vector<reft::token_id>> rows = std::vector<std::vector<reft::token_id>>(64);
        matrix output = xt::zeros<float>({rows.size(), vocabulary + 1});

        std::int64_t capacity() const { return 64; }
        std::int64_t max_length() const { return 16; }
        void prefill(std::int64_t row, token_ids prompt) {
            rows[static_cast<std::size_t>(row)].assign(prompt.begin(), prompt.end());
            continue_rows(std::span(&row, 1));
        }
        void decode(std::span<const std::int64_t> continued, token_ids ids) {
            for (std::size_t i = 0; i < ids.size(); ++i) rows[static_cast<std::size_t>(continued[i])].push_back(ids[i]);
            continue_rows(continued);
        }
        void continue_rows(std::span<const std::int64_t> continued) {
            id_matrix contexts = id_matrix::from_shape({continued.size(), window});
            for (std::size_t i = 0; i < continued.size(); ++i)
                put_context(contexts, i, rows[static_cast<std::size_t>(continued[i])], vocabulary);
            const matrix next = net.forward(contexts);
            for (std::size_t i = 0; i < continued.size(); ++i)
                xt::row(output, continued[i]) = xt::row(next, static_cast<std::ptrdiff_t>(i));
        }
        auto logits(std::int64_t row) const { return xt::view(output, row, range(0, vocabulary)); }
        void drop(std::int64_t) {}
    };
    auto sample(std::span<const reft::generation_prompt> prompts, const reft::generation_request& request) const {
        decoder d{net_, vocabulary_};
        return reft::generate(d, prompts, request);
    }

  private:
    /// The last tokens of `seen`, the last one first, and `before` where there are no more.
    static void put_context(id_matrix& contexts, std::size_t i, token_ids seen, std::size_t before) {
        for (std::size_t k = 0; k < window; ++k)
            contexts(i, k) = k < seen.size() ? static_cast<std::size_t>(seen[seen.size() - 1 - k]) : before;
    }
    /// What stands in front of every response token.
    id_matrix contexts_of(const reft::token_batch& batch) const {
        id_matrix contexts = id_matrix::from_shape({batch.predictors().size(), window});
        for (std::size_t i = 0, b = 0; i < batch.predictors().size(); ++i) {
            while (batch.predictors()[i] >= batch.offsets()[b + 1]) ++b;  // row b
            const auto begin = static_cast<std::size_t>(batch.offsets()[b]);
            const auto end = static_cast<std::size_t>(batch.predictors()[i]) + 1;
            put_context(contexts, i, batch.ids().subspan(begin, end - begin), vocabulary_);
        }
        return contexts;
    }

    std::size_t vocabulary_;
    network net_;
    matrix output_;  // of the last evaluate, [response tokens, vocabulary + 1]
    std::vector<reft::adamw_state<float>> adam_;
};
static_assert(reft::logits_policy<xtensor_policy> && reft::optimizable<xtensor_policy>);
static_assert(reft::sampler<xtensor_policy> && reft::snapshotable<xtensor_policy> && reft::inspectable<xtensor_policy>);

// ---- What you run. --------------------------------------------------------------------------------------------------
int main(int argc, char** argv) {
    std::uint64_t seed = 1;
    bool quick = false;
    for (const std::string_view argument : std::span(argv, static_cast<std::size_t>(argc)).subspan(1)) {
        const char* const end = argument.data() + argument.size();
        const auto [stopped_at, error] = std::from_chars(argument.data(), end, seed);
        quick = quick || argument == "--quick";
        if (argument == "--quick" || (error == std::errc() && stopped_at == end)) continue;
        std::fprintf(stderr, "xtensor_policy: \"%s\" is neither a seed nor --quick\n", argument.data());
        return 2;
    }
    const reft::char_tokenizer tokens("0123456789+=#");
    const reft::prompt_template form{.instruction = "", .reasoning_trigger = "="};
    reft::answer_reward reward(reft::trigger_extractor{.answer_trigger = "#"}, reft::within_absolute{});

    std::vector<reft::question> train, dev;
    std::vector<reft::sft_example> examples;  // "27+5=" goes on with "#22", "#22" and "#32"
    for (const std::int64_t i : reft::shuffled_epochs(800, seed).next(800)) {
        const std::int64_t a = 10 + i / 10, b = i % 10, without_carry = a / 10 * 10 + (a + b) % 10;
        const reft::question q{std::to_string(a) + "+" + std::to_string(b), std::to_string(a + b)};
        if (dev.size() < 200) {
            dev.push_back(q);
            continue;
        }
        train.push_back(q);
        for (const std::int64_t answer : {without_carry, without_carry, a + b}) {
            examples.push_back({tokens.encode(form.prompt(q.text)), tokens.encode("#" + std::to_string(answer))});
            examples.back().response.push_back(tokens.end_of_sequence());
        }
    }

    xtensor_policy policy(static_cast<std::size_t>(tokens.vocabulary_size()), seed);
    const auto accuracy = [&](const char* when) {
        const reft::generation_request request{.sampling = {.greedy = true}, .stop = {tokens.end_of_sequence()}};
        const auto result = reft::evaluate_answers(policy, dev, tokens, form, reward, request);
        std::printf("%-18s %5.1f %% of %d new questions are answered right\n", when, 100 * result.accuracy,
                    static_cast<int>(result.questions));
        return result.accuracy;
    };
    reft::sft_trainer sft(policy, {.learning_rate = {.rate = 0.02}}, reft::serial());
    reft::shuffled_epochs order(static_cast<std::int64_t>(examples.size()), seed);
    for (int step = 0; step < (quick ? 200 : 400); ++step) sft.step(examples, order.next(100));
    const double after_warm_up = accuracy("after the warm-up");

    auto reference = policy.snapshot();
    reft::reft_options options{.seed = seed, .form = form};
    options.learning_rate.rate = 0.005;
    reft::reft_trainer trainer(policy, reference, tokens, reward, options, reft::serial());
    reft::shuffled_epochs asked(static_cast<std::int64_t>(train.size()), seed);
    reft::train(trainer, train, asked, 100, quick ? 40 : 200, [&](const reft::reft_metrics& m) {
        if (m.step % 50 == 0)
            std::printf("step %3d: reward %.2f, value loss %.3f, explained variance %.2f, KL %.2f\n",
                        static_cast<int>(m.step), m.reward, m.value_loss, m.explained_variance, m.sequence_kl);
        return reft::after_step::go_on;
    });
    return accuracy("after ReFT") > after_warm_up ? 0 : 1;
}
