// A policy or decoder that hands out tensors on a device is refused by what reads them on the host.
#include <reft/policy/generation.hpp>
#include <reft/training/policy_pass.hpp>
#include <reft/training/reft_metrics.hpp>

#include <cstdint>
#include <span>
#include <vector>

#include "support/catch.hpp"
#include "support/device_tensor.hpp"

namespace {

using on_device = test::device_tensor<float, 1>;
using table_on_device = test::device_tensor<float, 2>;
using gradient = reft::strided_view<const float, 1>;
using table_gradient = reft::strided_view<const float, 2>;

struct log_prob_policy {
    using scalar = float;
    struct evaluated {
        on_device log_probs, entropies, values;
    };
    evaluated evaluate(const reft::token_batch&) { return {{{2}}, {{2}}, {{0}}}; }
    void backward(gradient, gradient, gradient) {}
};

struct logits_policy {
    using scalar = float;
    struct evaluated {
        table_on_device logits;
        std::vector<float> values;
    };
    evaluated evaluate(const reft::token_batch&) { return {{{2, 4}}, {}}; }
    void backward(table_gradient, gradient) {}
};

struct head_policy {
    using scalar = float;
    struct evaluated {
        table_on_device hidden, head;
        std::vector<float> values;
    };
    evaluated evaluate(const reft::token_batch&) { return {{{2, 3}}, {{4, 3}}, {}}; }
    void backward(table_gradient, table_gradient, gradient) {}
};

struct decoder {
    std::int64_t capacity() const { return 1; }
    std::int64_t max_length() const { return 8; }
    void prefill(std::int64_t, std::span<const reft::token_id>) {}
    void decode(std::span<const std::int64_t>, std::span<const reft::token_id>) {}
    on_device logits(std::int64_t) const { return {{4}}; }
    void drop(std::int64_t) {}
};

}  // namespace

TEMPLATE_TEST_CASE("a policy whose tensors lie on a device is refused", "", log_prob_policy, logits_policy,
                   head_policy) {
    TestType policy;
    reft::policy_pass pass(policy, reft::serial());
    reft::token_batch batch;
    batch.add(std::vector<reft::token_id>{1}, std::vector<reft::token_id>{2, 3});
    CHECK_THROWS_AS(pass.score(batch), reft::device_error);
}

TEST_CASE("a decoder whose logits lie on a device is refused") {
    decoder d;
    const std::vector<reft::generation_prompt> prompts = {{.ids = {1}}};
    CHECK_THROWS_AS(reft::generate(d, prompts, {.max_new_tokens = 2}), reft::device_error);
}

TEST_CASE("values and returns on a device are not compared") {
    const std::vector<std::int32_t> offsets = {0, 3};
    const reft::rows rows = reft::rows::packed(offsets);
    const std::vector<float> host = {1, 2, 3};
    const on_device device{{3}};
    CHECK_THROWS_AS(reft::explained_variance(device, host, rows), reft::device_error);
    CHECK_THROWS_AS(reft::explained_variance(host, device, rows), reft::device_error);
}
