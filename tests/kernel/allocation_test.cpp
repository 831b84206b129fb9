// Counts what the kernels allocate: nothing. Replaces the global operator new of this executable.
#include <reft/advantage/gae.hpp>
#include <reft/advantage/whiten.hpp>
#include <reft/core/thread_pool.hpp>
#include <reft/core/weights.hpp>
#include <reft/kernel/full_kl.hpp>
#include <reft/kernel/linear_head.hpp>
#include <reft/kernel/log_probs.hpp>
#include <reft/kernel/logits.hpp>
#include <reft/kernel/values.hpp>
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/clipped_value.hpp>
#include <reft/loss/entropy_bonus.hpp>
#include <reft/loss/kl_penalty.hpp>
#include <reft/reward/kl.hpp>
#include <reft/reward/shaped_rewards.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"

namespace {

std::atomic<std::int64_t> allocations{0};

// Every form, so that what one form allocates another may free.
void* counted_allocation(std::size_t size, std::size_t alignment) {
    ++allocations;
    const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
    if (void* p = std::aligned_alloc(alignment, rounded ? rounded : alignment)) return p;
    throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return counted_allocation(size, alignof(std::max_align_t)); }
void* operator new[](std::size_t size) { return counted_allocation(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t a) {
    return counted_allocation(size, static_cast<std::size_t>(a));
}
void* operator new[](std::size_t size, std::align_val_t a) {
    return counted_allocation(size, static_cast<std::size_t>(a));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return std::malloc(size); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { std::free(p); }

TEST_CASE("no block and no kernel allocates") {
    const std::size_t n = 64;
    const std::vector<float> logits = test::normal<float>(n * 40, 1), reference = test::normal<float>(n * 40, 2),
                             old = test::normal<float>(n, 3), values = test::normal<float>(n, 4), scores(4, 1.0f);
    const auto ids = test::ids(n, 40, 5);
    const std::vector<std::int64_t> offsets = {0, 20, 30, 50, 64};
    const auto mask = test::mask(n, 6);
    std::vector<float> kl(n), rewards(n), advantages(n), returns(n), weights(n), lp(n), h(n), d_lp(n), d_h(n), d_v(n),
        d(n * 40);
    const auto vl = reft::tensor_at(logits.data(), n, 40), vr = reft::tensor_at(reference.data(), n, 40);
    const auto vd = reft::tensor_at(d.data(), n, 40);
    const auto head = reft::tensor_at(reference.data(), 8, 40);
    const auto small_ids = test::ids(n, 8, 7);
    std::vector<float> d_head(8 * 40);
    const auto vh = reft::tensor_at(d_head.data(), 8, 40);
    const reft::workspace memory(1 << 16);
    reft::thread_pool pool(2);
    reft::executor& executor = pool;

    const std::int64_t before = allocations;
    const auto rows = reft::rows::packed(offsets, mask);
    const reft::token_logits batch(vl, ids), ref(vr, ids);
    const auto rule = reft::aggregation::token_mean;
    reft::token_weights(rows, rule, reft::denominator(rows, rule), weights);
    reft::token_log_probs(batch, weights, lp, h, executor);
    reft::sampled_kl(lp, old, rows, kl);
    reft::full_kl(batch, ref, weights, kl, executor);
    reft::shaped_rewards(scores, kl, rows, rewards);
    reft::gae(rewards, values, rows, advantages);
    reft::returns(advantages, values, rows, returns);
    reft::whiten(advantages, rows, advantages);
    const auto loss =
        reft::clipped_policy(old, advantages) + 0.1 * reft::kl_penalty(old) + 0.01 * reft::entropy_bonus<float>();
    reft::loss_over_log_probs(loss, lp, h, weights, d_lp, d_h);
    reft::backward_to_logits(batch, d_lp, d_h, vd, executor);
    reft::loss_over_logits(loss, batch, weights, vd, memory, executor);
    reft::add_full_kl_gradient(batch, ref, weights, vd, memory, executor);
    const reft::head_logits of_head(vl, head, small_ids, {.memory_budget = 1 << 13});
    reft::token_log_probs(of_head, weights, lp, h, memory, executor);
    reft::loss_over_head(loss, of_head, weights, vd, vh, memory, executor);
    reft::loss_over_values(5.0 * reft::clipped_value(values, returns), values, weights, d_v);
    CHECK(allocations - before == 0);

    ::operator delete(::operator new(4));  // the counter itself counts
    CHECK(allocations - before > 0);
}
