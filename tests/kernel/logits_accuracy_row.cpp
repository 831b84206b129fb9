#include "kernel/logits_accuracy_row.hpp"

#include <reft/kernel/logits.hpp>

#include <vector>

namespace {

template <class T>
kernel_result row_of(const T* x, std::int64_t n, std::int64_t id, upstream_gradient upstream, T* d) {
    const std::int64_t ids[] = {id};
    const float one[] = {1}, d_log_prob[] = {static_cast<float>(upstream.d_log_prob)},
                d_entropy[] = {static_cast<float>(upstream.d_entropy)};
    float log_prob[1], entropy[1];
    const reft::strided_view<const T, 2> logits(x, {1, n}, {n, 1});
    const reft::token_logits batch(logits, reft::tensor_at(ids, 1));
    reft::token_log_probs(batch, reft::tensor_at(one, 1), reft::tensor_at(log_prob, 1), reft::tensor_at(entropy, 1));
    reft::backward_to_logits(batch, reft::tensor_at(d_log_prob, 1), reft::tensor_at(d_entropy, 1),
                             reft::strided_view<T, 2>(d, {1, n}, {n, 1}));
    return {static_cast<double>(log_prob[0]), static_cast<double>(entropy[0])};
}

}  // namespace

kernel_result row_of_kernel(const float* x, std::int64_t n, std::int64_t id, upstream_gradient u, float* d) {
    return row_of(x, n, id, u, d);
}
kernel_result row_of_kernel(const reft::bfloat16* x, std::int64_t n, std::int64_t id, upstream_gradient u,
                            reft::bfloat16* d) {
    return row_of(x, n, id, u, d);
}
kernel_result row_of_kernel(const reft::half* x, std::int64_t n, std::int64_t id, upstream_gradient u, reft::half* d) {
    return row_of(x, n, id, u, d);
}
