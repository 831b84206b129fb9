// Raw buffers with a padded vocabulary, as hand-written training code has them (llm.c for one): no adapter needed.
//
// Logits lie in [B, T, Vp] floats, of which only the first V of each row are the vocabulary; the gradient is written
// over them. A view with extent V and stride Vp says all of that.
#include <reft/reft.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

int main() {
    constexpr std::int64_t B = 2, T = 3, V = 5, Vp = 8;
    std::vector<float> buffer(B * T * Vp, 1e30f);  // 1e30 in the padding: reading it would spoil every softmax
    float* const logits = buffer.data();           // what your forward pass wrote
    for (std::int64_t i = 0; i < B * T; ++i)
        for (std::int64_t j = 0; j < V; ++j) logits[i * Vp + j] = 0.5f * static_cast<float>((i + 2) * (j + 1) % 7);
    const int targets[B * T] = {1, 4, 0, 2, 2, 3};                // entry t is the token that the logits at t predict
    const unsigned char is_response[B * T] = {0, 1, 1, 1, 1, 0};  // prompt and padding do not count
    const float advantages[B * T] = {0, 0.5f, -1, 2, 0.25f, 0};

    // Pointers with extents; the row stride of the logits is Vp. The last stride is 1, so rows are read fast.
    const reft::strided_view<float, 3> x(logits, {B, T, V}, {T * Vp, Vp, 1});
    const auto ids = reft::tensor_at(targets, B, T);
    const auto advantage = reft::tensor_at(advantages, B, T);
    const reft::rows rows = reft::rows::padded(reft::tensor_at(is_response, B, T));
    float weights[B * T], old_log_probs[B * T];
    const auto w = reft::tensor_at(weights, B, T), old_log_prob = reft::tensor_at(old_log_probs, B, T);
    const auto mean = reft::aggregation::token_mean;
    reft::token_weights(rows, mean, reft::denominator(rows, mean), w);

    const reft::token_logits batch(x, ids);
    reft::token_log_probs(batch, w, old_log_prob);  // of the policy that sampled; here it is the same one

    // The gradient of the clipped policy loss, over the logits. Nothing is allocated but this workspace.
    const std::vector<float> copy = buffer;
    const float* const before = copy.data();
    const reft::workspace workspace(reft::workspace_bytes(batch));
    const auto stats = reft::loss_over_logits(reft::clipped_policy(old_log_prob, advantage), batch, w, x, workspace);
    std::printf("loss %.4f over %d tokens\n", stats.loss, static_cast<int>(stats.tokens));

    // At ratio 1 the gradient is −w·A·([j = target] − p_j). The padding is as it was.
    double worst = 0;
    bool padding_untouched = true;
    for (std::int64_t i = 0; i < B * T; ++i) {
        double sum = 0;
        for (std::int64_t j = 0; j < V; ++j) sum += std::exp(static_cast<double>(before[i * Vp + j]));
        for (std::int64_t j = 0; j < Vp; ++j) {
            const double was = static_cast<double>(before[i * Vp + j]);
            const double now = static_cast<double>(logits[i * Vp + j]);
            const double expected = -static_cast<double>(weights[i] * advantages[i]) *
                                    ((j == targets[i] ? 1.0 : 0.0) - std::exp(was) / sum);
            if (j < V)
                worst = std::fmax(worst, std::fabs(now - expected));
            else
                padding_untouched = padding_untouched && now == was;
        }
    }
    std::printf("largest error of the gradient %.1e, padding %s\n", worst, padding_untouched ? "untouched" : "changed");

    // A matrix product over all Vp columns wants zeros there; then your backward pass goes on from `logits`.
    for (std::int64_t i = 0; i < B * T; ++i)
        for (std::int64_t j = V; j < Vp; ++j) logits[i * Vp + j] = 0;
    return worst < 1e-6 && padding_untouched && stats.tokens == 4 ? EXIT_SUCCESS : EXIT_FAILURE;
}
