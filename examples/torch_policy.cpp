// A LibTorch module, trained by reft: autograd goes through the model, reft through everything else.
//
// It learns sums like 47+85. There are 3,000 worked examples, of uneven quality: more than half of them state nothing but
// the answer. From one warm-up on these ReFT goes on with other questions, which have answers but no solutions; it does
// so twice, with the module as a logits policy (reft's kernel makes the loss) and as a log-prob policy (LibTorch's own
// softmax does). The module, its cache and the glue are in torch_policy_parts/.
#include <reft/core/random.hpp>
#include <reft/models/transformer_layout.hpp>
#include <reft/reward/answer_reward.hpp>
#include <reft/reward/extract.hpp>
#include <reft/text/char_tokenizer.hpp>
#include <reft/training/batches.hpp>
#include <reft/training/evaluation.hpp>
#include <reft/training/reft.hpp>
#include <reft/training/schedule.hpp>
#include <reft/training/sft.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "torch_policy_parts/policy.hpp"

namespace {

struct settings {
    std::uint64_t seed = 1;
    bool quick = false;  // a few steps of everything, to see that it runs; too few to learn addition
    std::int64_t warm_up_steps = 600, updates = 24;
    std::int64_t examples_per_step = 48, questions_per_update = 128;
    std::size_t annotated = 3000, dev = 200;  // the other questions are those of ReFT
};

const reft::char_tokenizer tokens("0123456789+=,#?");
const reft::prompt_template form{.instruction = "", .reasoning_trigger = "?", .answer_trigger = "#"};

struct problems {
    std::vector<reft::sft_example> annotations;  ///< of questions that are not in the other two
    std::vector<reft::question> train, dev;
};

/// Tens and units apart: 47+85: 40+80=120,7+5=12,120+12=132.
std::string careful_steps(std::int64_t a, std::int64_t b, std::int64_t answer) {
    const auto n = [](std::int64_t x) { return std::to_string(x); };
    const std::int64_t tens = a / 10 * 10 + b / 10 * 10, units = a % 10 + b % 10;
    return n(a / 10 * 10) + "+" + n(b / 10 * 10) + "=" + n(tens) + "," + n(a % 10) + "+" + n(b % 10) + "=" + n(units) +
           "," + n(tens) + "+" + n(units) + "=" + n(answer);
}

/// One annotator's solution: 55 % are a bare answer, one in ten is wrong.
reft::sft_example annotation(const reft::question& q, std::int64_t a, std::int64_t b, reft::random_stream& annotators) {
    const bool bare = annotators.uniform() < 0.55, slip = annotators.uniform() < 0.1;
    const std::int64_t answer = a + b + (slip ? 1 : 0);
    reft::sft_example e{
        .prompt = {*tokens.begin_of_sequence()},
        .response = tokens.encode((bare ? "" : careful_steps(a, b, answer)) + "#" + std::to_string(answer))};
    for (const reft::token_id id : tokens.encode(form.prompt(q.text))) e.prompt.push_back(id);
    e.response.push_back(tokens.end_of_sequence());
    return e;
}

/// All sums of two numbers of two digits, each in one place.
problems made_problems(const settings& s) {
    reft::random_stream annotators(s.seed, reft::random_purpose::data, 1);
    problems p;
    for (const std::int64_t i : reft::random_order(8100, reft::random_stream(s.seed, reft::random_purpose::data))) {
        const std::int64_t a = 10 + i / 90, b = 10 + i % 90;
        const reft::question q{std::to_string(a) + "+" + std::to_string(b), std::to_string(a + b)};
        if (p.dev.size() < s.dev) {
            p.dev.push_back(q);
        } else if (p.annotations.size() < s.annotated) {
            p.annotations.push_back(annotation(q, a, b, annotators));
        } else {
            p.train.push_back(q);
        }
    }
    return p;
}

/// Share of the development questions whose sampled answer is right.
template <class Policy>
double dev_accuracy(Policy& policy, const problems& p) {
    const reft::answer_reward reward(reft::trigger_extractor{.answer_trigger = "#"}, reft::within_absolute{});
    const reft::generation_request request{.max_new_tokens = 36, .stop = {tokens.end_of_sequence()}};
    return reft::evaluate_answers(policy, std::span<const reft::question>(p.dev), tokens, form, reward, request)
        .accuracy;
}

void warm_up(const settings& s, torch_example::logits_policy<float>& policy, const problems& p) {
    const reft::schedule falling{
        .rate = 3e-3, .kind = reft::decay::cosine, .warmup_steps = 50, .total_steps = s.warm_up_steps, .floor = 0.1};
    reft::sft_trainer sft(policy, {.learning_rate = falling}, reft::serial());
    reft::shuffled_epochs order(static_cast<std::int64_t>(p.annotations.size()), s.seed);
    for (std::int64_t i = 0; i < s.warm_up_steps; ++i) sft.step(p.annotations, order.next(s.examples_per_step));
}

/// Goes on from the parameters of a warm-up; returns the accuracy on the development questions.
template <class Policy>
double reinforced(const settings& s, Policy policy, const problems& p) {
    const reft::answer_reward reward(reft::trigger_extractor{.answer_trigger = "#"}, reft::within_absolute{});
    reft::reft_options options{.seed = s.seed, .form = form};
    options.generation.max_new_tokens = 36;
    options.kl_coef = 0.01;
    options.value_coef = 0.1;  // the paper's 5 lets a value head that knows nothing yet push the shared body around
    options.mini_batch_rows = s.questions_per_update / 2;
    options.learning_rate = {
        .rate = 5e-4, .kind = reft::decay::linear, .warmup_steps = 10, .total_steps = 4 * s.updates};
    auto reference = policy.snapshot();
    reft::reft_trainer trainer(policy, reference, tokens, reward, options, reft::serial());
    reft::shuffled_epochs order(static_cast<std::int64_t>(p.train.size()), s.seed + 1);
    for (std::int64_t i = 0; i < s.updates; ++i)
        trainer.step(reft::elements_at(p.train, order.next(s.questions_per_update)));
    return dev_accuracy(policy, p);
}

/// Whether ReFT ended above its warm-up, with both kinds of policy, or was not asked to.
bool run(const settings& s) {
    at::set_num_threads(1);  // a network as small as this gains nothing from more
    const problems p = made_problems(s);
    const reft::transformer_options shape{.vocabulary = tokens.vocabulary_size(),
                                          .width = 48,
                                          .layers = 2,
                                          .heads = 4,
                                          .kv_heads = 4,
                                          .hidden = 128,
                                          .max_length = 48};
    const auto initial =
        reft::initial_transformer_state<float>(shape, reft::transformer_layout(shape), s.seed).parameters;

    torch_example::logits_policy<float> policy(shape, std::span<const float>(initial));
    const auto report = [](const char* when, double accuracy) {
        std::printf("%-32s %5.1f %% of the sampled answers are right\n", when, 100 * accuracy);
        std::fflush(stdout);
        return accuracy;
    };
    warm_up(s, policy, p);
    const double before = report("after the warm-up", dev_accuracy(policy, p));
    const std::vector<float> warm = policy.parameters();
    const std::span<const float> from(warm);
    const double by_logits =
        report("after ReFT, as a logits policy", reinforced(s, torch_example::logits_policy<float>(shape, from), p));
    const double by_log_probs = report("after ReFT, as a log-prob policy",
                                       reinforced(s, torch_example::log_prob_policy<float>(shape, from), p));
    return s.quick || std::min(by_logits, by_log_probs) > before;
}

/// `torch_policy [SEED] [--quick]`, or nothing if the arguments are something else.
std::optional<settings> settings_of(std::span<char*> arguments) {
    settings s;
    for (const char* argument : arguments) {
        const char* const end = argument + std::strlen(argument);
        if (std::strcmp(argument, "--quick") == 0) {
            s.quick = true;
            s.warm_up_steps = 60;
            s.updates = 2;
        } else if (const auto [at, error] = std::from_chars(argument, end, s.seed); error != std::errc() || at != end) {
            std::fprintf(stderr, "torch_policy: '%s' is not a seed\nusage: torch_policy [SEED] [--quick]\n", argument);
            return std::nullopt;
        }
    }
    return s;
}

}  // namespace

int main(int argc, char** argv) {
    const auto s = settings_of(std::span(argv, static_cast<std::size_t>(argc)).subspan(1));
    if (!s) return 2;
    try {
        return run(*s) ? 0 : 1;
    } catch (const std::exception& e) {
        std::fprintf(stderr, "torch_policy: %s\n", e.what());
        return 1;
    }
}
