// kernels KERNEL REPETITIONS: runs one kernel that often over the same small problem, for a tool that counts the
// instructions. Prints the number of elements of the problem.
#include <reft/advantage/gae.hpp>
#include <reft/advantage/whiten.hpp>
#include <reft/kernel/full_kl.hpp>
#include <reft/kernel/linear_head.hpp>
#include <reft/kernel/logits.hpp>
#include <reft/kernel/values.hpp>
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/clipped_value.hpp>
#include <reft/loss/cross_entropy.hpp>
#include <reft/loss/entropy_bonus.hpp>
#include <reft/reward/shaped_rewards.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace {

/// Numbers in ±scale/2, made with few instructions: the tool is fifty times slower than the processor.
std::vector<float> numbers(std::size_t n, std::uint32_t seed, float scale = 1) {
    std::vector<float> x(n);
    for (float& v : x) {
        seed = seed * 1664525u + 1013904223u;
        v = scale * (static_cast<float>(seed >> 8) * 0x1p-24f - 0.5f);
    }
    return x;
}
std::vector<std::int32_t> ids_below(std::int32_t vocabulary, std::size_t n) {
    std::vector<std::int32_t> ids(n);
    for (std::size_t i = 0; i < n; ++i)
        ids[i] = static_cast<std::int32_t>(i * 7919 % static_cast<std::size_t>(vocabulary));
    return ids;
}

/// Logits of 32 tokens over a vocabulary of 4096, or of 256 over 512.
struct logits_problem {
    std::int64_t tokens, vocabulary;
    std::vector<float> logits, reference, d_logits, old_log_probs, advantages, weights, log_probs, entropies;
    std::vector<std::int32_t> ids;

    logits_problem(std::int64_t n, std::int64_t v) : tokens(n), vocabulary(v) {
        const auto count = static_cast<std::size_t>(n), size = count * static_cast<std::size_t>(v);
        logits = numbers(size, 1, 8);
        reference = numbers(size, 2, 8);
        d_logits.resize(size);
        old_log_probs.assign(count, -8);
        advantages = numbers(count, 3);
        weights.assign(count, 1.0f / static_cast<float>(n));
        log_probs.resize(count);
        entropies.resize(count);
        ids = ids_below(static_cast<std::int32_t>(v), count);
    }
    auto matrix(std::vector<float>& x) const { return reft::tensor_at(x.data(), tokens, vocabulary); }
    auto batch() { return reft::token_logits<float>(matrix(logits), ids); }
    auto ppo() const { return reft::clipped_policy(old_log_probs, advantages) + 0.01 * reft::entropy_bonus<float>(); }
    template <class Loss>
    void run(const Loss& loss) {
        const auto b = batch();
        const reft::workspace memory(reft::workspace_bytes(b));
        reft::loss_over_logits(loss, b, weights, matrix(d_logits), memory);
    }
};

/// Per-token arrays [64, 512]; in the masked form every row has another length.
struct token_problem {
    static constexpr std::int64_t batch = 64, time = 512;
    std::vector<float> rewards = numbers(batch * time, 1), values = numbers(batch * time, 2),
                       out = std::vector<float>(batch * time), scores = std::vector<float>(batch, 1);
    std::vector<std::uint8_t> mask = std::vector<std::uint8_t>(batch * time);

    token_problem() {
        for (std::int64_t b = 0; b < batch; ++b)
            for (std::int64_t t = 0; t < time; ++t) mask[static_cast<std::size_t>(b * time + t)] = t < 100 + 6 * b;
    }
    static auto matrix(std::vector<float>& x) { return reft::tensor_at(x.data(), batch, time); }
    static auto rows() { return reft::rows::padded(batch, time); }
    auto masked_rows() const { return reft::rows::padded(reft::tensor_at(mask.data(), batch, time)); }
};

/// Hidden states of 48 tokens, 64 wide, and a head of 1024 rows.
struct head_problem {
    std::vector<float> hidden = numbers(48 * 64, 1), head = numbers(1024 * 64, 2), d_hidden = hidden, d_head = head,
                       weights = std::vector<float>(48, 1.0f / 48);
    std::vector<std::int32_t> ids = ids_below(1024, 48);

    void run() {
        const auto h = reft::tensor_at(hidden.data(), 48, 64), w = reft::tensor_at(head.data(), 1024, 64);
        const reft::head_logits batch(h, w, ids);
        const reft::workspace memory(reft::workspace_bytes(batch));
        reft::loss_over_head(reft::cross_entropy<float>(), batch, weights, reft::tensor_at(d_hidden.data(), 48, 64),
                             reft::tensor_at(d_head.data(), 1024, 64), memory);
    }
};

struct kernel {
    std::int64_t elements;
    std::function<void()> run;
};

}  // namespace

int main(int arguments, char** argument) {
    logits_problem p(32, 4096), small(256, 512);
    token_problem t;
    head_problem h;
    const std::int64_t logits = 32 * 4096, tokens = token_problem::batch * token_problem::time;
    const std::map<std::string, kernel> kernels = {
        {"log_prob", {logits, [&] { reft::token_log_probs(p.batch(), p.weights, p.log_probs); }}},
        {"log_prob_entropy", {logits, [&] { reft::token_log_probs(p.batch(), p.weights, p.log_probs, p.entropies); }}},
        {"ppo", {logits, [&] { p.run(p.ppo()); }}},
        {"ppo_no_entropy", {logits, [&] { p.run(reft::clipped_policy(p.old_log_probs, p.advantages)); }}},
        {"cross_entropy", {logits, [&] { p.run(reft::cross_entropy<float>()); }}},
        {"log_prob_512", {logits, [&] { reft::token_log_probs(small.batch(), small.weights, small.log_probs); }}},
        {"ppo_512", {logits, [&] { small.run(small.ppo()); }}},
        {"cross_entropy_512", {logits, [&] { small.run(reft::cross_entropy<float>()); }}},
        {"full_kl",
         {logits,
          [&] {
              const reft::token_logits<float> reference(p.matrix(p.reference), p.ids);
              reft::full_kl(p.batch(), reference, p.weights, p.log_probs);
          }}},
        {"linear_head", {48 * 1024 * 64, [&] { h.run(); }}},
        {"gae", {tokens, [&] { reft::gae(t.matrix(t.rewards), t.matrix(t.values), t.rows(), t.matrix(t.out)); }}},
        {"gae_masked",
         {tokens, [&] { reft::gae(t.matrix(t.rewards), t.matrix(t.values), t.masked_rows(), t.matrix(t.out)); }}},
        {"returns",
         {tokens, [&] { reft::returns(t.matrix(t.rewards), t.matrix(t.values), t.rows(), t.matrix(t.out)); }}},
        {"whiten", {tokens, [&] { reft::whiten(t.matrix(t.rewards), t.rows(), t.matrix(t.out)); }}},
        {"whiten_masked", {tokens, [&] { reft::whiten(t.matrix(t.rewards), t.masked_rows(), t.matrix(t.out)); }}},
        {"shaped_rewards",
         {tokens, [&] { reft::shaped_rewards(t.scores, t.matrix(t.rewards), t.rows(), t.matrix(t.out)); }}},
        {"loss_over_values",
         {tokens,
          [&] {
              reft::loss_over_values(reft::clipped_value(t.matrix(t.values), t.matrix(t.rewards)), t.matrix(t.values),
                                     t.matrix(t.rewards), t.matrix(t.out));
          }}},
    };
    const auto found = arguments == 3 ? kernels.find(argument[1]) : kernels.end();
    if (found == kernels.end()) {
        std::fprintf(stderr, "usage: kernels KERNEL REPETITIONS\nkernels:");
        for (const auto& [name, unused] : kernels) std::fprintf(stderr, " %s", name.c_str());
        std::fprintf(stderr, "\n");
        return 2;
    }
    for (int i = std::atoi(argument[2]); i > 0; --i) found->second.run();
    std::printf("%lld\n", static_cast<long long>(found->second.elements));
}
