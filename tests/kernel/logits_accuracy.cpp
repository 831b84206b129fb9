// Log-probs, entropies and gradients of the logits kernel against sums in double: prints the largest errors as a
// table, and fails where one is larger than documented.
#include <reft/core/float16.hpp>
#include <reft/core/instruction_set.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <vector>

#include "kernel/logits_accuracy_row.hpp"
#include "support/test_data.hpp"

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// A kind of row that is hard in its own way.
struct kind_of_row {
    const char* name;
    std::vector<double> (*logits)(std::int64_t vocabulary, std::uint64_t seed);
};

std::vector<double> normal(std::int64_t n, std::uint64_t seed, double deviation, double mean = 0) {
    std::vector<double> x = test::normal<double>(static_cast<std::size_t>(n), seed, deviation);
    for (double& v : x) v += mean;
    return x;
}

const kind_of_row kinds[] = {
    {"normal, deviation 2", [](std::int64_t n, std::uint64_t s) { return normal(n, s, 2); }},
    {"peaky, deviation 30", [](std::int64_t n, std::uint64_t s) { return normal(n, s, 30); }},
    {"offset by 3e4", [](std::int64_t n, std::uint64_t s) { return normal(n, s, 2, 3e4); }},
    {"offset by -3e4", [](std::int64_t n, std::uint64_t s) { return normal(n, s, 2, -3e4); }},
    {"half of them -inf",
     [](std::int64_t n, std::uint64_t s) {
         auto x = normal(n, s, 2);
         for (std::size_t j = 0; j + 1 < x.size(); j += 2) x[j] = -infinity;
         return x;
     }},
    {"rising to 200",
     [](std::int64_t n, std::uint64_t s) {
         auto x = normal(n, s, 1);
         for (std::size_t j = 0; j < x.size(); ++j) x[j] += 200 * static_cast<double>(j) / static_cast<double>(n);
         return x;
     }},
    {"late spike of 200",
     [](std::int64_t n, std::uint64_t s) {
         auto x = normal(n, s, 2);
         x.back() += 200;
         return x;
     }},
    {"all but certain",
     [](std::int64_t n, std::uint64_t s) {
         auto x = normal(n, s, 1);
         x[x.size() / 3] += 25;
         return x;
     }},
};

/// The row's softmax in double.
struct oracle {
    std::vector<double> log_probs;
    double entropy = 0;

    template <class T>
    explicit oracle(const std::vector<T>& x) {
        double largest = -infinity, sum = 0;
        for (const T v : x) largest = std::max(largest, static_cast<double>(v));
        for (const T v : x) sum += std::exp(static_cast<double>(v) - largest);
        const double below = sum - 1;  // of the others, where one has nearly all
        const double log_sum = below < 0.5 ? std::log1p(others_of(x, largest)) : std::log(sum);
        for (const T v : x) log_probs.push_back((static_cast<double>(v) - largest) - log_sum);
        for (const double lp : log_probs)
            if (lp > -infinity) entropy -= std::exp(lp) * lp;
    }

    double gradient(std::size_t j, std::size_t id, const upstream_gradient& upstream) const {
        const double lp = log_probs[j], p = std::exp(lp);
        const double of_entropy = p > 0 ? upstream.d_entropy * p * (lp + entropy) : 0.0;
        return upstream.d_log_prob * (j == id ? -std::expm1(lp) : -p) - of_entropy;
    }

  private:
    template <class T>
    static double others_of(const std::vector<T>& x, double largest) {
        double sum = 0;
        bool first = true;
        for (const T v : x) {
            if (static_cast<double>(v) == largest && first)
                first = false;
            else
                sum += std::exp(static_cast<double>(v) - largest);
        }
        return sum;
    }
};

/// The largest errors, each as a share of what is allowed.
struct errors {
    double log_prob = 0, entropy = 0, gradient = 0;
    void merge(const errors& o) {
        log_prob = std::max(log_prob, o.log_prob);
        entropy = std::max(entropy, o.entropy);
        gradient = std::max(gradient, o.gradient);
    }
};

template <class T>
double rounding_of(double x) {
    if (sizeof(T) > 2) return 0;
    return std::is_same_v<T, reft::bfloat16> ? std::fabs(x) * 0x1p-8 : std::fabs(x) * 0x1p-11 + 0x1p-24;
}

/// One row, the chosen token at `id`; errors relative to 4e-7·max(1, |log_prob|), to 1e-6·max(1, H), and to
/// 2e-6·max(1, |log_prob|/20) of the row's largest gradient (and one rounding, where it is stored in 16 bits).
template <class T>
errors errors_of(const std::vector<T>& x, std::size_t id) {
    const oracle exact(x);
    const auto n = static_cast<std::int64_t>(x.size());
    std::vector<T> d(x.size());
    const upstream_gradient upstream{1, static_cast<double>(0.1f)};
    const kernel_result p = row_of_kernel(x.data(), n, static_cast<std::int64_t>(id), upstream, d.data());
    const double lp = exact.log_probs[id];
    errors e;
    if (lp > -infinity)
        e.log_prob = std::fabs(p.log_prob - lp) / (4e-7 * std::max(1.0, std::fabs(lp)));
    else
        e.log_prob = p.log_prob == lp ? 0 : infinity;
    e.entropy = std::fabs(p.entropy - exact.entropy) / (1e-6 * std::max(1.0, exact.entropy));
    double largest = 0;
    for (std::size_t j = 0; j < x.size(); ++j) largest = std::max(largest, std::fabs(exact.gradient(j, id, upstream)));
    const double limit = 2e-6 * std::max(1.0, lp > -infinity ? std::fabs(lp) / 20 : 1.0) * largest;
    for (std::size_t j = 0; j < x.size(); ++j) {
        const double expected = exact.gradient(j, id, upstream);
        const double difference = std::fabs(static_cast<double>(d[j]) - expected);
        const double share = std::max(0.0, difference - rounding_of<T>(expected)) / std::max(limit, 1e-37);
        e.gradient = share <= e.gradient ? e.gradient : share;  // NaN stays
    }
    return e;
}

template <class T>
errors errors_of(const kind_of_row& kind, std::int64_t vocabulary) {
    errors worst;
    for (std::uint64_t seed = 1; seed <= (vocabulary < 1000 ? 40u : 2u); ++seed) {
        std::vector<T> x;
        for (const double v : kind.logits(vocabulary, seed))
            x.push_back(static_cast<T>(static_cast<reft::accumulator_t<T>>(v)));
        const auto peak = static_cast<std::size_t>(std::max_element(x.begin(), x.end()) - x.begin());
        for (const std::size_t id : {peak, static_cast<std::size_t>(seed * 7919) % x.size(), x.size() - 1})
            worst.merge(errors_of(x, id));
    }
    return worst;
}

const char* name_of(reft::instruction_set s) {
    return s == reft::instruction_set::avx512 ? "AVX-512" : s == reft::instruction_set::avx2 ? "AVX2" : "portable";
}

bool all_hold = true;

template <class T>
void print_rows(const char* type) {
    for (const kind_of_row& kind : kinds) {
        errors worst;
        for (const std::int64_t vocabulary : {7, 512, 513, 32003, 128256}) worst.merge(errors_of<T>(kind, vocabulary));
        const bool holds = worst.log_prob <= 1 && worst.entropy <= 1 && worst.gradient <= 1;
        all_hold = all_hold && holds;
        std::printf("| %s | %s | %s | %.2f | %.2f | %.2f |%s\n", name_of(reft::instruction_set_in_use()), type,
                    kind.name, worst.log_prob, worst.entropy, worst.gradient, holds ? "" : "  <- too large");
    }
}

/// Rows that are no distribution give NaN, and a token that is certain has log-prob 0 and entropy 0.
void check_degenerate_rows() {
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    for (const std::int64_t n : {5, 700, 5000})
        for (const double bad : {-infinity, infinity, nan})
            for (const std::int64_t at : {std::int64_t{0}, n / 2, n - 1}) {
                std::vector<float> x(static_cast<std::size_t>(n), bad == -infinity ? -INFINITY : 0.5f), d = x;
                x[static_cast<std::size_t>(at)] = static_cast<float>(bad);
                const kernel_result p = row_of_kernel(x.data(), n, 2, {1, 0.1}, d.data());
                bool holds = std::isnan(p.log_prob) && std::isnan(p.entropy);
                for (const float g : d) holds = holds && std::isnan(g);
                if (bad == -infinity) {
                    x[static_cast<std::size_t>(at)] = 3;
                    const kernel_result certain = row_of_kernel(x.data(), n, at, {1, 0.1}, d.data());
                    holds = holds && certain.log_prob == 0 && certain.entropy == 0;
                    for (const float g : d) holds = holds && g == 0;
                }
                if (!holds)
                    std::printf("a row of %lld with %g at %lld is wrong\n", static_cast<long long>(n), bad,
                                static_cast<long long>(at));
                all_hold = all_hold && holds;
            }
}

}  // namespace

int main() {
    std::printf("| instructions | logits | rows | log-prob | entropy | gradient |\n|---|---|---|---|---|---|\n");
    const auto widest = reft::instruction_set_in_use();
    for (const auto set :
         {reft::instruction_set::avx512, reft::instruction_set::avx2, reft::instruction_set::portable}) {
        if (set > widest) continue;
        reft::use_at_most(set);
        print_rows<float>("float");
        print_rows<reft::bfloat16>("bfloat16");
        print_rows<reft::half>("half");
        check_degenerate_rows();
    }
    return all_hold ? 0 : 1;
}
