// Every token loss in device code, over log-probs and values, against the host.
#include <reft/kernel/log_probs.hpp>
#include <reft/kernel/values.hpp>
#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/clipped_value.hpp>
#include <reft/loss/cross_entropy.hpp>
#include <reft/loss/entropy_bonus.hpp>
#include <reft/loss/kl_penalty.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <string>

#include "gpu/agreement.hpp"
#include "gpu/device.cuh"
#include "support/test_data.hpp"

namespace gpu {

// The example of docs/gpu.md: begin
template <reft::policy_loss Loss>
__global__ void loss_of_tokens(Loss loss, reft::token_view<const float> log_probs, reft::token_view<float> d_log_probs,
                               reft::policy_stats* stats) {
    const std::int64_t t = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x;
    if (t >= log_probs.extent(1)) return;
    stats[t] = {};
    const auto term = loss({0, t}, {.log_prob = log_probs(0, t)}, stats[t]);
    d_log_probs(0, t) = term.d_log_prob;
}

/// All pointers are the device's.
void ppo_gradient(const float* log_probs, const float* old_log_probs, const float* advantages, float* d_log_probs,
                  reft::policy_stats* stats, std::int64_t tokens) {
    const auto old = reft::tensor_at(old_log_probs, tokens), a = reft::tensor_at(advantages, tokens);
    const auto x = reft::tensor_at(log_probs, tokens);
    const auto dx = reft::tensor_at(d_log_probs, tokens);
    const auto loss = reft::clipped_policy(old, a) + 0.01 * reft::cross_entropy<float>();
    loss_of_tokens<<<static_cast<unsigned>((tokens + 255) / 256), 256>>>(loss, reft::tokens_of(x), reft::tokens_of(dx),
                                                                         stats);
}
// The example of docs/gpu.md: end

__device__ inline std::int64_t token_of_thread() { return std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; }

template <class T>
struct policy_arrays {
    using real = reft::accumulator_t<T>;
    reft::token_view<const T> log_probs, entropies;
    reft::token_view<const real> weights;
    reft::token_view<real> d_log_probs, d_entropies;
    reft::policy_stats* stats;
};

/// loss_over_log_probs, one thread per token.
template <reft::policy_loss Loss, class T>
__global__ void over_log_probs(const Loss loss, const policy_arrays<T> a) {
    using real = typename Loss::real;
    const std::int64_t n = token_of_thread();
    if (n >= a.weights.size()) return;
    const reft::token_index i{n / a.weights.extent(1), n % a.weights.extent(1)};
    reft::policy_stats stats;
    reft::policy_term<real> term;
    if (const real weight = a.weights(i.row, i.column); weight != 0) {
        const reft::policy_token<real> token{static_cast<real>(a.log_probs(i.row, i.column)),
                                             static_cast<real>(a.entropies(i.row, i.column))};
        term = reft::detail::weighted_term(loss, i, token, static_cast<double>(weight), stats);
    }
    a.d_log_probs(i.row, i.column) = term.d_log_prob;
    a.d_entropies(i.row, i.column) = term.d_entropy;
    a.stats[n] = stats;
}

template <class T>
struct value_arrays {
    using real = reft::accumulator_t<T>;
    reft::token_view<const T> values;
    reft::token_view<const real> weights;
    reft::token_view<real> d_values;
    reft::value_stats* stats;
};

/// loss_over_values, one thread per token.
template <reft::value_loss Loss, class T>
__global__ void over_values(const Loss loss, const value_arrays<T> a) {
    using real = typename Loss::real;
    const std::int64_t n = token_of_thread();
    if (n >= a.weights.size()) return;
    const reft::token_index i{n / a.weights.extent(1), n % a.weights.extent(1)};
    reft::value_stats stats;
    reft::value_term<real> term;
    if (const real weight = a.weights(i.row, i.column); weight != 0)
        term = reft::detail::weighted_term(loss, i, static_cast<real>(a.values(i.row, i.column)),
                                           static_cast<double>(weight), stats);
    a.d_values(i.row, i.column) = term.d_value;
    a.stats[n] = stats;
}

unsigned blocks(std::int64_t tokens) { return static_cast<unsigned>((tokens + 127) / 128); }

/// Arrays [rows, columns] of T in memory that both sides read; NaN where a token does not count.
template <class T>
struct token_case {
    using real = reft::accumulator_t<T>;

    std::int64_t rows, columns;
    managed_vector<T> a, b, c, d;  // log-probs or values, and what the losses compare them with
    managed_vector<real> weights, d_first, d_second;
    bool agreed = true;

    token_case(std::int64_t n, std::int64_t m) : rows(n), columns(m) {
        const auto size = static_cast<std::size_t>(n * m);
        const auto mask = test::mask(size, 9);
        a = numbers(1, mask), b = numbers(2, mask), c = numbers(3, mask), d = numbers(4, mask);
        for (std::size_t i = 0; i < size; ++i) weights.push_back(mask[i] ? real(1) / static_cast<real>(size) : real(0));
        if (mask[0]) b[0] = static_cast<T>(static_cast<real>(a[0]) - real(30));  // beyond the limit of the log-ratio
        d_first.resize(size), d_second.resize(size);
    }
    template <class Array>
    auto view_of(Array& x) const {
        return reft::tensor_at(x.data(), rows, columns);
    }

    template <class Loss>
    void policy(const char* name, const Loss& loss) {
        managed_vector<reft::policy_stats> stats(a.size());
        const policy_arrays<T> arrays{
            view_of(std::as_const(a)), view_of(std::as_const(d)), view_of(std::as_const(weights)),
            view_of(d_first),          view_of(d_second),         stats.data()};
        over_log_probs<<<blocks(rows * columns), 128>>>(loss, arrays);
        finish(name);
        managed_vector<real> first(a.size()), second(a.size());
        const auto expected = reft::loss_over_log_probs(loss, arrays.log_probs, arrays.entropies, arrays.weights,
                                                        view_of(first), view_of(second));
        reft::policy_stats sum;
        for (const auto& s : stats) sum.merge(s);
        agreement agreed_on;
        check_array(agreed_on, "d_log_prob", d_first, first);
        if (Loss::needs_entropy) check_array(agreed_on, "d_entropy", d_second, second);
        check_stats<real>(agreed_on, sum, expected);
        report(name, agreed_on);
    }

    template <class Loss>
    void value(const char* name, const Loss& loss) {
        managed_vector<reft::value_stats> stats(a.size());
        const value_arrays<T> arrays{view_of(std::as_const(a)), view_of(std::as_const(weights)), view_of(d_first),
                                     stats.data()};
        over_values<<<blocks(rows * columns), 128>>>(loss, arrays);
        finish(name);
        managed_vector<real> first(a.size());
        const auto expected = reft::loss_over_values(loss, arrays.values, arrays.weights, view_of(first));
        reft::value_stats sum;
        for (const auto& s : stats) sum.merge(s);
        agreement agreed_on;
        check_array(agreed_on, "d_value", d_first, first);
        agreed_on.check("loss", 0, sum.loss, expected.loss, limit<real> * (1 + std::fabs(expected.loss)));
        agreed_on.check("squared error", 0, sum.squared_error, expected.squared_error,
                        limit<real> * (1 + expected.squared_error));
        agreed_on.check("tokens", 0, static_cast<double>(sum.tokens), static_cast<double>(expected.tokens), 0.5);
        agreed_on.check("clipped", 0, static_cast<double>(sum.clipped), static_cast<double>(expected.clipped), 0.5);
        report(name, agreed_on);
    }

  private:
    static managed_vector<T> numbers(std::uint64_t seed, const std::vector<std::uint8_t>& mask) {
        const auto x =
            test::spoiled(test::normal<real>(mask.size(), seed, 0.5), mask, std::numeric_limits<real>::quiet_NaN());
        managed_vector<T> y;
        for (const real v : x) y.push_back(static_cast<T>(v));
        return y;
    }
    void check_array(agreement& agreed_on, const char* what, const managed_vector<real>& got,
                     const managed_vector<real>& expected) const {
        for (std::size_t i = 0; i < got.size(); ++i) {
            const double y = static_cast<double>(expected[i]);
            agreed_on.check(what, static_cast<std::int64_t>(i), static_cast<double>(got[i]), y,
                            limit<real> * (std::fabs(y) + static_cast<double>(weights[i])));
        }
    }
    void report(const char* name, const agreement& agreed_on) {
        agreed = agreed && agreed_on.holds();
        std::printf("%-8s [%lld, %lld] %-32s %s: %s\n", name_of<T>, static_cast<long long>(rows),
                    static_cast<long long>(columns), name, agreed_on.holds() ? "agrees" : "DIFFERS",
                    agreed_on.where.c_str());
    }
};

template <class T>
bool all_losses_agree(std::int64_t rows, std::int64_t columns) {
    using real = reft::accumulator_t<T>;
    token_case<T> c(rows, columns);
    const auto old = c.view_of(std::as_const(c.b)), advantages = c.view_of(std::as_const(c.c));
    const auto ref = c.view_of(std::as_const(c.d));
    const reft::clipped_policy clipped(old, advantages);
    const reft::clipped_policy dual(old, advantages, {.clip_range_high = 0.3, .dual_clip = 1.5});
    c.policy("clipped_policy", clipped);
    c.policy("clipped_policy, dual clip", dual);
    using reft::kl_estimator;
    c.policy("kl_penalty, k1", reft::kl_penalty(ref, {.estimator = kl_estimator::k1}));
    c.policy("kl_penalty, k2", reft::kl_penalty(ref, {.estimator = kl_estimator::k2}));
    c.policy("kl_penalty, k3", reft::kl_penalty(ref, {.estimator = kl_estimator::k3}));
    c.policy("kl_penalty, abs", reft::kl_penalty(ref, {.estimator = kl_estimator::abs}));
    c.policy("cross_entropy", reft::cross_entropy<real>());
    c.policy("entropy_bonus", reft::entropy_bonus<real>());
    c.policy("sum of all, scaled", clipped + 0.1 * reft::kl_penalty(ref) + 0.01 * reft::entropy_bonus<real>() +
                                       0.5 * (dual + reft::cross_entropy<real>()));
    c.value("clipped_value", reft::clipped_value(old, advantages));
    c.value("clipped_value, scaled", 5.0 * reft::clipped_value(old, advantages, {.clip_range = 0.1}));
    return c.agreed;
}

bool example_agrees() {
    constexpr std::size_t n = 300;
    managed_vector<float> x(n), old(n), advantages(n), d(n);
    const auto numbers = test::normal<float>(3 * n, 1, 0.3);
    for (std::size_t i = 0; i < n; ++i) x[i] = numbers[i], old[i] = numbers[n + i], advantages[i] = numbers[2 * n + i];
    managed_vector<reft::policy_stats> stats(n);
    ppo_gradient(x.data(), old.data(), advantages.data(), d.data(), stats.data(), std::int64_t{n});
    finish("the example of docs/gpu.md");
    managed_vector<float> expected(n);
    const managed_vector<float> ones(n, 1.0f);
    reft::loss_over_log_probs(reft::clipped_policy(old, advantages) + 0.01 * reft::cross_entropy<float>(), x, ones,
                              expected);
    agreement agreed_on;
    for (std::size_t i = 0; i < n; ++i)
        agreed_on.check("d_log_prob", static_cast<std::int64_t>(i), static_cast<double>(d[i]),
                        static_cast<double>(expected[i]), limit<float> * (1 + std::fabs(expected[i])));
    std::printf("the example of docs/gpu.md %s: %s\n", agreed_on.holds() ? "agrees" : "DIFFERS",
                agreed_on.where.c_str());
    return agreed_on.holds();
}

}  // namespace gpu

int main() try {
    if (const std::string missing = gpu::what_is_missing(); !missing.empty()) {
        std::printf("skipped: %s\n", missing.c_str());
        return 77;
    }
    std::printf("%s\n", gpu::device_name().c_str());
    bool agreed = gpu::example_agrees();
    for (const auto& [rows, columns] : {std::pair{1, 1}, std::pair{1, 300}, std::pair{7, 33}}) {
        agreed &= gpu::all_losses_agree<float>(rows, columns);
        agreed &= gpu::all_losses_agree<double>(rows, columns);
        agreed &= gpu::all_losses_agree<reft::bfloat16>(rows, columns);
        agreed &= gpu::all_losses_agree<reft::half>(rows, columns);
    }
    return agreed ? 0 : 1;
} catch (const std::exception& e) {
    std::printf("failed: %s\n", e.what());
    return 1;
}
