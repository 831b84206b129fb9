// The reference policy in the hands of the trainer, with and without a critic of its own.

#include <reft/text/char_tokenizer.hpp>
#include <reft/training/reft.hpp>

#include "models/transformer_case.hpp"
#include "support/catch.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

using namespace reft;

namespace {

const std::vector<question> questions = {{"1", "1"}, {"2", "2"}, {"3", "3"}};
const char_tokenizer tokens("#123\n");

transformer_options shape() {
    return {.vocabulary = tokens.vocabulary_size(),
            .width = 8,
            .layers = 1,
            .heads = 2,
            .kv_heads = 1,
            .hidden = 6,
            .max_length = 20};
}

reft_options options_of(std::int64_t value_only_steps) {
    reft_options o;
    o.seed = 3;
    o.form = {.instruction = "", .reasoning_trigger = "\n", .answer_trigger = "#"};
    o.generation.max_new_tokens = 6;
    o.samples_per_question = 8;
    o.update_epochs = 4;
    o.learning_rate.rate = 0.01;
    o.value_only_steps = value_only_steps;
    return o;
}

/// A reward that only the question decides, so that a critic can foretell it.
std::vector<std::optional<reward>> reward_of(std::span<const question> asked, std::span<const std::string>) {
    std::vector<std::optional<reward>> rewards;
    for (const question& q : asked) rewards.push_back(reward{.value = std::stod(q.gold)});
    return rewards;
}

}  // namespace

TEST_CASE("a transformer as a critic of its own learns the returns, and value-only steps do not touch the policy") {
    serial_executor pool;
    transformer_options without_values = shape();
    without_values.value_head = false;
    transformer<double> policy(without_values, 1, pool), critic_of(shape(), 2, pool);
    static_assert(critic<transformer<double>>);
    const auto policy_before = policy.state().parameters, critic_before = critic_of.state().parameters;
    auto reference = policy.snapshot();
    reft_trainer trainer(policy, reference, tokens, reward_of, critic_of, options_of(400), pool);
    reft_metrics first, last;
    for (int step = 0; step < 100; ++step) {
        last = trainer.step(questions);
        if (step == 0) first = last;
    }
    CHECK(policy.state().parameters == policy_before);
    CHECK(critic_of.state().parameters != critic_before);
    CHECK(first.explained_variance < 0.1);
    CHECK(last.explained_variance > 0.9);
    CHECK(last.sequence_kl == 0);
    trainer.step(questions);  // and from here on the policy learns, too
    CHECK(policy.state().parameters != policy_before);
}

TEST_CASE("value-only steps move a body that policy and value head share, and the policy with it") {
    serial_executor pool;
    transformer<double> policy(shape(), 1, pool);
    const auto head = policy.layout().tensor("value_head.weight");
    const auto before = policy.state().parameters;
    auto reference = policy.snapshot();
    reft_trainer trainer(policy, reference, tokens, reward_of, options_of(100), pool);
    trainer.step(questions);
    const auto after = policy.state().parameters;
    CHECK(after[static_cast<std::size_t>(head.offset)] != before[static_cast<std::size_t>(head.offset)]);
    CHECK(trainer.step(questions).kl_k3 > 0);
}
