// One result on two backends: the same network with the same weights as reft's own transformer and as a LibTorch module
// under autograd and torch::optim, trained by the same trainers.
#include <reft/adapters/torch.hpp>
#include <reft/models/transformer.hpp>
#include <reft/reward/extract.hpp>
#include <reft/testing/check_policy.hpp>
#include <reft/text/char_tokenizer.hpp>
#include <reft/training/reft.hpp>
#include <reft/training/sft.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "examples/torch_policy_parts/policy.hpp"
#include "support/torch_catch.hpp"

namespace {

/// Questions “1” ... “4”; the answer to x is x. A response is right if its text after # is that number.
const std::vector<reft::question> questions = {{"1", "1"}, {"2", "2"}, {"3", "3"}, {"4", "4"}};

struct world {
    reft::char_tokenizer tokens{"#1234\n"};
    reft::prompt_template form{.instruction = "", .reasoning_trigger = "\n", .answer_trigger = "#"};
    reft::answer_reward<reft::trigger_extractor, reft::within_absolute> reward{
        reft::trigger_extractor{.reasoning_trigger = "\n", .answer_trigger = "#"}, reft::within_absolute{}};

    /// Grouped queries, a head of its own, weight decay: nothing that the backends could differ in is left out.
    reft::transformer_options network() const {
        return {.vocabulary = tokens.vocabulary_size(),
                .width = 32,
                .layers = 2,
                .heads = 4,
                .kv_heads = 2,
                .hidden = 40,
                .max_length = 24,
                .tied_head = false,
                .optimizer = {.weight_decay = 0.1}};
    }
    /// Every row goes through the policy alone, so that both backends add up gradients row by row, in the same order.
    reft::reft_options reinforcement() const {
        reft::reft_options o;
        o.seed = 7;
        o.form = form;
        o.generation.max_new_tokens = 6;
        o.samples_per_question = 4;
        o.update_epochs = 1;
        o.kl_coef = 0.05;
        o.entropy_coef = 0.01;
        o.micro_batch_tokens = 1;
        o.learning_rate.rate = 3e-3;
        return o;
    }
    std::vector<reft::sft_example> examples() const {
        std::vector<reft::sft_example> all;
        for (const reft::generation_prompt& p : reft::prompts_for(std::span(questions), tokens, form, 2)) {
            const std::string text = p.row % 2 ? "1#" : "#";
            all.push_back({p.ids, tokens.encode(text + questions[static_cast<std::size_t>(p.group)].gold)});
            all.back().response.push_back(tokens.end_of_sequence());
        }
        return all;
    }
};

/// Parameters that are all different from zero, the value head's too.
template <class T>
std::vector<T> weights(const world& w) {
    const reft::transformer_layout layout(w.network());
    auto parameters = reft::initial_transformer_state<T>(w.network(), layout, 5).parameters;
    reft::random_stream random(5, reft::random_purpose::data);
    for (T& p : parameters) p += static_cast<T>(0.05 * random.normal());
    return parameters;
}

template <class T>
reft::transformer<T> reference_policy(const world& w, reft::executor& pool) {
    reft::transformer<T> policy(w.network(), 5, pool);
    auto state = policy.state();
    state.parameters = weights<T>(w);
    policy.restore(state);
    return policy;
}

template <class T>
double relative_distance(const std::vector<T>& a, const std::vector<T>& b) {
    REQUIRE(a.size() == b.size());
    double difference = 0, norm = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        difference += std::pow(double(a[i]) - double(b[i]), 2);
        norm += double(a[i]) * double(a[i]);
    }
    return std::sqrt(difference / norm);
}

template <class T>
double largest_difference(const std::vector<T>& a, const std::vector<T>& b) {
    REQUIRE(a.size() == b.size());
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(double(a[i]) - double(b[i])));
    return largest;
}

template <class T>
constexpr double scores_agree_to = sizeof(T) == 8 ? 1e-10 : 1e-4;
template <class T>
constexpr double parameters_agree_to = sizeof(T) == 8 ? 1e-8 : 1e-4;

/// Steps of SFT on all examples; returns the parameters afterwards.
template <class P>
auto after_sft(const world& w, P& policy, int steps) {
    const auto examples = w.examples();
    std::vector<std::int64_t> all(examples.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::int64_t>(i);
    reft::sft_trainer sft(policy, {.learning_rate = {.rate = 3e-3}, .micro_batch_tokens = 1}, reft::serial());
    for (int i = 0; i < steps; ++i) sft.step(examples, all);
    const auto flat = policy.parameters();
    return std::vector<typename P::scalar>(flat.begin(), flat.end());
}

/// What a run of ReFT did.
template <class T>
struct run {
    std::vector<std::vector<reft::token_id>> responses = {};
    std::vector<reft::rollout> rollouts = {};
    std::vector<reft::reft_metrics> metrics = {};
    std::vector<T> parameters = {};
};

/// Complete steps of ReFT: sampling, reward, KL, GAE, update. Rollouts of another run take the place of sampling.
template <class P>
run<typename P::scalar> after_reft(const world& w, P& policy, int steps, const std::vector<reft::rollout>& given = {}) {
    auto reference = policy.snapshot();
    reft::reft_trainer trainer(policy, reference, w.tokens, w.reward, w.reinforcement(), reft::serial());
    run<typename P::scalar> r;
    for (int i = 0; i < steps; ++i) {
        reft::rollout sampled = given.empty() ? trainer.sample(questions) : given[static_cast<std::size_t>(i)];
        trainer.judge(questions, sampled);
        for (const reft::trajectory& t : sampled.trajectories) r.responses.push_back(t.response);
        r.rollouts.push_back(sampled);
        r.metrics.push_back(trainer.learn(sampled));
    }
    const auto flat = policy.parameters();
    r.parameters.assign(flat.begin(), flat.end());
    return r;
}

void require_same_metrics(const reft::reft_metrics& a, const reft::reft_metrics& b, double limit) {
    const auto close = [limit](double x, double y) { return std::abs(x - y) <= limit * std::max(1.0, std::abs(x)); };
    CHECK(a.reward == b.reward);
    CHECK(a.accuracy == b.accuracy);
    CHECK(a.response_length == b.response_length);
    CHECK(close(a.sequence_kl, b.sequence_kl));
    CHECK(close(a.entropy, b.entropy));
    CHECK(close(a.explained_variance, b.explained_variance));
    CHECK(close(a.policy_loss, b.policy_loss));
    CHECK(close(a.value_loss, b.value_loss));
    CHECK(close(a.gradient_norm, b.gradient_norm));
}

template <class T>
void same_scores_and_steps(auto& theirs) {
    const world w;
    auto ours = reference_policy<T>(w, reft::serial());
    const std::vector<T> before = weights<T>(w);
    REQUIRE(largest_difference(theirs.parameters(), before) == 0);

    reft::token_batch batch;
    for (const reft::sft_example& e : w.examples()) batch.add(e.prompt, e.response);
    batch.temperature = 0.7;
    const auto a = reft::policy_pass(ours, reft::serial()).score(batch);
    const auto b = reft::policy_pass(theirs, reft::serial()).score(batch);
    CHECK(largest_difference(a.log_probs, b.log_probs) <= scores_agree_to<T>);
    CHECK(largest_difference(a.entropies, b.entropies) <= scores_agree_to<T>);
    CHECK(largest_difference(a.values, b.values) <= scores_agree_to<T>);
    auto frozen = theirs.snapshot();
    CHECK(largest_difference(a.log_probs, reft::reference_log_probs(frozen, batch, reft::serial())) <=
          scores_agree_to<T>);

    const std::vector<T> after = after_sft(w, ours, 3);
    CHECK(relative_distance(after, after_sft(w, theirs, 3)) <= parameters_agree_to<T>);
    CHECK(relative_distance(after, before) > 1e-2);
}

/// An engine that differentiates scalar losses only: the derivatives are constants in a sum.
template <class T>
struct scalar_loss_policy : torch_example::logits_policy<T> {
    using torch_example::logits_policy<T>::logits_policy;

    void backward(reft::strided_view<const T, 2> d_logits, reft::strided_view<const T, 1> d_values) {
        torch::Tensor loss = (this->logits_ * reft::torch_tensor(d_logits)).sum();
        if (!d_values.empty()) loss = loss + (this->values_ * reft::torch_tensor(d_values)).sum();
        loss.backward();
    }
};

}  // namespace

TEMPLATE_TEST_CASE("LibTorch logits policy: log-probs and steps of SFT are those of the reference policy", "", float,
                   double) {
    const world w;
    torch_example::logits_policy<TestType> theirs(w.network(), std::span<const TestType>(weights<TestType>(w)));
    same_scores_and_steps<TestType>(theirs);
}

TEMPLATE_TEST_CASE("LibTorch log-prob policy: log-probs and steps of SFT are those of the reference policy", "", float,
                   double) {
    const world w;
    torch_example::log_prob_policy<TestType> theirs(w.network(), std::span<const TestType>(weights<TestType>(w)));
    same_scores_and_steps<TestType>(theirs);
}

TEMPLATE_TEST_CASE("three complete steps of ReFT end with the same samples and parameters on both backends", "",
                   torch_example::logits_policy<double>, torch_example::log_prob_policy<double>,
                   scalar_loss_policy<double>) {
    const world w;
    auto ours = reference_policy<double>(w, reft::serial());
    const std::vector<double> before = weights<double>(w);
    TestType theirs(w.network(), std::span<const double>(before));
    const auto a = after_reft(w, ours, 3), b = after_reft(w, theirs, 3);

    REQUIRE(a.responses == b.responses);
    for (std::size_t i = 0; i < a.metrics.size(); ++i) require_same_metrics(a.metrics[i], b.metrics[i], 1e-8);
    CHECK(relative_distance(a.parameters, b.parameters) <= parameters_agree_to<double>);
    // The run was one worth comparing: responses differed, some were rewarded, and the policy moved.
    CHECK(a.metrics[0].reward > 0);
    CHECK(a.metrics[2].sequence_kl != 0);
    CHECK(relative_distance(a.parameters, before) > 1e-2);
}

TEMPLATE_TEST_CASE("three steps of ReFT on the same responses end with the same parameters in float", "",
                   torch_example::logits_policy<float>, torch_example::log_prob_policy<float>) {
    const world w;
    auto ours = reference_policy<float>(w, reft::serial());
    const std::vector<float> before = weights<float>(w);
    TestType theirs(w.network(), std::span<const float>(before));
    const auto a = after_reft(w, ours, 3), b = after_reft(w, theirs, 3, a.rollouts);
    for (std::size_t i = 0; i < a.metrics.size(); ++i) require_same_metrics(a.metrics[i], b.metrics[i], 1e-3);
    CHECK(relative_distance(a.parameters, b.parameters) <= parameters_agree_to<float>);
    CHECK(relative_distance(a.parameters, before) > 1e-2);
}

TEST_CASE("rows that go through the LibTorch policy together are padded without a trace") {
    const world w;
    torch_example::logits_policy<double> policy(w.network(), std::span<const double>(weights<double>(w)));
    reft::token_batch together;
    std::vector<double> alone;
    for (const reft::sft_example& e : w.examples()) {
        together.add(e.prompt, e.response);
        reft::token_batch single;
        single.add(e.prompt, e.response);
        for (const double x : reft::policy_pass(policy, reft::serial()).score(single).log_probs) alone.push_back(x);
    }
    CHECK(largest_difference(reft::policy_pass(policy, reft::serial()).score(together).log_probs, alone) <= 1e-12);
}

TEMPLATE_TEST_CASE("LibTorch policies pass the conformance kit, nothing left out", "",
                   torch_example::logits_policy<double>, torch_example::log_prob_policy<double>) {
    const world w;
    reft::transformer_options small = w.network();
    small.width = 8;
    small.hidden = 12;
    small.max_length = 40;
    small.optimizer = {};  // what is compared must not decay
    const auto initial = reft::initial_transformer_state<double>(small, reft::transformer_layout(small), 5).parameters;
    const auto report = reft::check_policy([&] { return TestType(small, std::span<const double>(initial)); },
                                           {.vocabulary = w.tokens.vocabulary_size()});
    INFO(report.text());
    CHECK(report.passed());
    CHECK(report.count(reft::check_outcome::left_out) == 0);
}
