// Every public function that is handed tensors refuses one that lies on a device, whichever argument it is.
#include <reft/reft.hpp>

#include <cstdint>
#include <vector>

#include "support/catch.hpp"
#include "support/device_tensor.hpp"

namespace {

using vec = std::vector<float>;
using ids = std::vector<std::int32_t>;

// Three tokens over a vocabulary of two, on the host and on the device.
struct tensors {
    vec numbers = {1, 1, 1}, out = vec(3), out_2 = vec(3), one = {0};
    vec table = vec(6), d_table = vec(6), square = vec(4), d_square = vec(4);
    ids host_ids = {0, 1, 0}, offsets = {0, 3};
    reft::rows rows = reft::rows::packed(offsets);
    reft::workspace memory{4096};
    test::device_tensor<float, 1> device{{3}}, one_on_device{{1}};
    test::device_tensor<float, 2> device_table{{3, 2}}, device_square{{2, 2}};
    test::device_tensor<std::int32_t, 1> device_ids{{3}}, device_offsets{{2}};
    test::device_tensor<std::uint8_t, 2> device_mask{{1, 3}};
    reft::strided_view<float, 2> logits = reft::tensor_at(table.data(), 3, 2);
    reft::strided_view<float, 2> d_logits = reft::tensor_at(d_table.data(), 3, 2);
    reft::strided_view<float, 2> head = reft::tensor_at(square.data(), 2, 2);
    reft::strided_view<float, 2> d_head = reft::tensor_at(d_square.data(), 2, 2);
    reft::token_logits<float> batch{logits, host_ids};
    reft::head_logits<float> of_head{logits, head, host_ids};
};

template <class F>
bool refused(const F& call) {
    try {
        call();
    } catch (const reft::device_error&) {
        return true;
    }
    return false;
}

// Not CHECK_THROWS_AS, which says nothing about the argument that got through.
#define REFUSED(...) CHECK(refused([&] { __VA_ARGS__; }))

}  // namespace

TEST_CASE("the error of a device tensor says what to do") {
    const tensors t;
    CHECK_THROWS_WITH(reft::view(t.device), Catch::Contains("device memory") && Catch::Contains("Copy it to the host"));
}

TEST_CASE("ids, masks, lengths and offsets on a device are refused") {
    tensors t;
    REFUSED(reft::integer_view(t.device_ids));
    REFUSED(reft::rows::padded(t.device_mask));
    REFUSED(reft::rows::padded_to(3, t.device_ids));
    REFUSED(reft::rows::packed(t.device_offsets));
    REFUSED(reft::rows::packed(t.offsets, t.device_ids));
}

TEST_CASE("rewards and their KL on a device are refused") {
    tensors t;
    REFUSED(reft::sampled_kl(t.device, t.numbers, t.rows, t.out));
    REFUSED(reft::sampled_kl(t.numbers, t.device, t.rows, t.out));
    REFUSED(reft::sampled_kl(t.numbers, t.numbers, t.rows, t.device));
    REFUSED(reft::mean_sequence_kl(t.device, t.rows));
    REFUSED(reft::shaped_rewards(t.one_on_device, t.numbers, t.rows, t.out));
    REFUSED(reft::shaped_rewards(t.one, t.device, t.rows, t.out));
    REFUSED(reft::shaped_rewards(t.one, t.numbers, t.rows, t.device));
}

TEST_CASE("advantages, their moments and weights on a device are refused") {
    tensors t;
    REFUSED(reft::gae(t.device, t.numbers, t.rows, t.out));
    REFUSED(reft::gae(t.numbers, t.device, t.rows, t.out));
    REFUSED(reft::gae(t.numbers, t.numbers, t.rows, t.device));
    REFUSED(reft::gae(t.numbers, t.numbers, t.rows, t.out, {}, t.one_on_device));
    REFUSED(reft::returns(t.device, t.numbers, t.rows, t.out));
    REFUSED(reft::returns(t.numbers, t.device, t.rows, t.out));
    REFUSED(reft::returns(t.numbers, t.numbers, t.rows, t.device));
    REFUSED(reft::whiten(t.device, t.rows, t.out));
    REFUSED(reft::whiten(t.numbers, t.rows, t.device));
    REFUSED(reft::moments_of(t.device, t.rows));
    REFUSED(reft::token_weights(t.rows, reft::aggregation::token_mean, 3, t.device));
}

TEST_CASE("losses refuse arrays on a device") {
    tensors t;
    REFUSED(reft::clipped_policy(t.device, t.numbers));
    REFUSED(reft::clipped_policy(t.numbers, t.device));
    REFUSED(reft::clipped_value(t.device, t.numbers));
    REFUSED(reft::clipped_value(t.numbers, t.device));
    REFUSED(reft::kl_penalty(t.device));
}

TEST_CASE("losses over log-probs and values on a device are refused") {
    tensors t;
    const reft::entropy_bonus<float> loss;
    REFUSED(reft::loss_over_log_probs(loss, t.device, t.numbers, t.numbers, t.out, t.out_2));
    REFUSED(reft::loss_over_log_probs(loss, t.numbers, t.device, t.numbers, t.out, t.out_2));
    REFUSED(reft::loss_over_log_probs(loss, t.numbers, t.numbers, t.device, t.out, t.out_2));
    REFUSED(reft::loss_over_log_probs(loss, t.numbers, t.numbers, t.numbers, t.device, t.out_2));
    REFUSED(reft::loss_over_log_probs(loss, t.numbers, t.numbers, t.numbers, t.out, t.device));
    REFUSED(reft::loss_over_log_probs(reft::cross_entropy<float>(), t.device, t.numbers, t.out));
    const reft::clipped_value value(t.numbers, t.numbers);
    REFUSED(reft::loss_over_values(value, t.device, t.numbers, t.out));
    REFUSED(reft::loss_over_values(value, t.numbers, t.device, t.out));
    REFUSED(reft::loss_over_values(value, t.numbers, t.numbers, t.device));
}

TEST_CASE("logits on a device are refused, and so is all that goes with them") {
    tensors t;
    REFUSED(reft::token_logits(t.device_table, t.host_ids));
    REFUSED(reft::token_logits(t.logits, t.device_ids));
    REFUSED(reft::token_logits(t.logits, t.host_ids, {.row_index = t.device_ids}));
    REFUSED(reft::token_log_probs(t.batch, t.device, t.out, t.out_2));
    REFUSED(reft::token_log_probs(t.batch, t.numbers, t.device, t.out_2));
    REFUSED(reft::token_log_probs(t.batch, t.numbers, t.out, t.device));
    REFUSED(reft::token_log_probs(t.batch, t.device, t.out));
    REFUSED(reft::backward_to_logits(t.batch, t.device, t.numbers, t.d_logits));
    REFUSED(reft::backward_to_logits(t.batch, t.numbers, t.device, t.d_logits));
    REFUSED(reft::backward_to_logits(t.batch, t.numbers, t.numbers, t.device_table));
    REFUSED(reft::backward_to_logits(t.batch, t.numbers, t.device_table));
    const reft::cross_entropy<float> loss;
    REFUSED(reft::loss_over_logits(loss, t.batch, t.device, t.d_logits, t.memory));
    REFUSED(reft::loss_over_logits(loss, t.batch, t.numbers, t.device_table, t.memory));
    REFUSED(reft::full_kl(t.batch, t.batch, t.device, t.out));
    REFUSED(reft::full_kl(t.batch, t.batch, t.numbers, t.device));
    REFUSED(reft::add_full_kl_gradient(t.batch, t.batch, t.device, t.d_logits, t.memory));
    REFUSED(reft::add_full_kl_gradient(t.batch, t.batch, t.numbers, t.device_table, t.memory));
    reft::sampling_scratch scratch;
    REFUSED(reft::sample_token(t.device, {}, 0.5, scratch));
}

TEST_CASE("hidden states and heads on a device are refused, and so is all that goes with them") {
    tensors t;
    REFUSED(reft::head_logits(t.device_table, t.head, t.host_ids));
    REFUSED(reft::head_logits(t.logits, t.device_square, t.host_ids));
    REFUSED(reft::head_logits(t.logits, t.head, t.device_ids));
    REFUSED(reft::token_log_probs(t.of_head, t.device, t.out, t.out_2, t.memory));
    REFUSED(reft::token_log_probs(t.of_head, t.numbers, t.device, t.out_2, t.memory));
    REFUSED(reft::token_log_probs(t.of_head, t.numbers, t.out, t.device, t.memory));
    const reft::cross_entropy<float> loss;
    REFUSED(reft::loss_over_head(loss, t.of_head, t.device, t.d_logits, t.d_head, t.memory));
    REFUSED(reft::loss_over_head(loss, t.of_head, t.numbers, t.device_table, t.d_head, t.memory));
    REFUSED(reft::loss_over_head(loss, t.of_head, t.numbers, t.d_logits, t.device_square, t.memory));
}

TEST_CASE("with every tensor on the host the same calls pass") {
    tensors t;
    CHECK_NOTHROW(reft::gae(t.numbers, t.numbers, t.rows, t.out, {}, t.one));
    CHECK_NOTHROW(
        reft::loss_over_head(reft::cross_entropy<float>(), t.of_head, t.numbers, t.d_logits, t.d_head, t.memory));
    CHECK_NOTHROW(reft::loss_over_logits(reft::cross_entropy<float>(), t.batch, t.numbers, t.d_logits, t.memory));
}
