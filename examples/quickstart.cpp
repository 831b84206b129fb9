// One PPO update as ReFT makes it, on your own buffers: rewards of two sampled answers in, gradients of logits and
// values out. No model, no trainer, nothing but <reft/reft.hpp>.
#include <reft/reft.hpp>

#include <cstdint>
#include <cstdio>
#include <vector>

int main() {
    // Two responses of 3 and 2 tokens over a vocabulary of 4, packed one after the other. Replace these by yours.
    const std::int64_t vocabulary = 4;
    const std::vector<std::int32_t> ids = {1, 3, 0, 2, 0};
    const std::vector<std::int64_t> offsets = {0, 3, 5};
    const reft::rows rows = reft::rows::packed(offsets);
    std::vector<float> logits = {0.1f, 1.2f, 0.3f, 0.2f, 0.5f, 0.1f, 0.2f, 0.9f, 1.5f, 0.2f,
                                 0.1f, 0.3f, 0.4f, 0.3f, 0.8f, 0.1f, 0.9f, 0.2f, 0.6f, 0.4f};
    const std::vector<float> old_log_probs = {-0.72f, -0.96f, -0.65f, -1.05f, -1.08f};  // of the policy that sampled
    const std::vector<float> ref_log_probs = {-0.80f, -1.10f, -0.70f, -1.00f, -1.20f};  // of the SFT warm-up
    const std::vector<float> old_values = {0.5f, 0.6f, 0.7f, 0.3f, 0.2f};
    const std::vector<float> values = {0.5f, 0.6f, 0.8f, 0.3f, 0.1f};  // what the critic says now
    const std::vector<float> scores = {1.0f, 0.1f};                    // right; an answer, but a wrong one

    // Rewards: the score on the last token, minus β times the KL to the warm-up policy on every token.
    const std::size_t tokens = ids.size();
    std::vector<float> rewards(tokens), advantages(tokens), returns(tokens), weights(tokens);
    reft::sampled_kl(old_log_probs, ref_log_probs, rows, rewards);
    reft::shaped_rewards(scores, rewards, rows, rewards, {.kl_coef = 0.05});

    // Advantages and returns, then whitening.
    reft::gae(rewards, old_values, rows, advantages, {.gamma = 1.0, .lambda = 0.95});
    reft::returns(advantages, old_values, rows, returns);
    reft::whiten(advantages, rows, advantages);

    // Losses, averaged over rows of token means, with their gradients; the one of the logits in place.
    const auto rule = reft::aggregation::sequence_mean_of_token_means;
    reft::token_weights(rows, rule, reft::denominator(rows, rule), weights);
    const auto logits_view = reft::tensor_at(logits.data(), ids.size(), vocabulary);
    const reft::token_logits batch(logits_view, ids);
    const reft::workspace workspace(reft::workspace_bytes(batch));
    const reft::clipped_policy policy_loss(old_log_probs, advantages, {.clip_range = 0.2});
    const auto policy = reft::loss_over_logits(policy_loss, batch, weights, logits_view, workspace);
    std::vector<float> d_values(tokens);
    const auto value =
        reft::loss_over_values(5.0 * reft::clipped_value(old_values, returns), values, weights, d_values);

    std::printf("policy loss %.4f, clip fraction %.2f, value loss %.4f\n", policy.loss, policy.clip_fraction(),
                value.loss);
    std::printf("d_logits of the first token: %+.4f %+.4f %+.4f %+.4f\n", static_cast<double>(logits[0]),
                static_cast<double>(logits[1]), static_cast<double>(logits[2]), static_cast<double>(logits[3]));
}
