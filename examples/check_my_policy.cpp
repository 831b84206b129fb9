// Is the glue right? Your tensor class and your policy, checked before a week is spent on training.
//
//     check_my_policy            everything holds
//     check_my_policy --broken   the same policy with two mistakes that are easily made, and what the report says then
#include <reft/policy/generation.hpp>
#include <reft/testing/check_policy.hpp>
#include <reft/testing/check_tensor.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

// ---- Your tensor class and its glue, see your_own_tensor.cpp. ------------------------------------------------------
template <class Real>
struct my_matrix {
    std::int64_t rows = 0, columns = 0, pitch = 0;  // rows are padded to multiples of eight elements
    std::vector<Real> elements = {};

    my_matrix() = default;
    my_matrix(std::int64_t r, std::int64_t c)
        : rows(r), columns(c), pitch((c + 7) / 8 * 8), elements(static_cast<std::size_t>(r * pitch)) {}
    Real& operator()(std::int64_t i, std::int64_t j) { return elements[static_cast<std::size_t>(i * pitch + j)]; }
};

template <class Real>
struct reft::tensor_traits<my_matrix<Real>> {
    static constexpr std::size_t rank = 2;
    template <class M>
    static auto view(M& m) {
        using T = std::remove_pointer_t<decltype(m.elements.data())>;
        return strided_view<T, 2>(m.elements.data(), {m.rows, m.columns}, {m.pitch, 1});
    }
};

// ---- Your policy, see your_own_policy.cpp. Here logits = A[last token] + B[the one before], value = V[last token]. --
// A template, so that it can be checked in double and trained in float.
template <class Real>
struct my_policy {
    using scalar = Real;
    static constexpr std::int64_t vocabulary = 12;
    static constexpr std::size_t n = vocabulary, size = 2 * n * n + n;

    bool broken = false;
    std::vector<Real> parameters_ = std::vector<Real>(size), gradient_ = std::vector<Real>(size);  // A, B, V
    std::vector<std::size_t> last = {}, before = {};  // of every response token
    my_matrix<Real> logits = {};
    std::vector<Real> values = {};

    struct evaluated {
        my_matrix<Real>& logits;
        std::vector<Real>& values;
    };
    evaluated evaluate(const reft::token_batch& batch) {
        last.clear(), before.clear(), values.clear();
        logits = my_matrix<Real>(batch.response_tokens(), vocabulary);
        for (const std::int64_t at : batch.predictors()) {
            const bool first = std::find(batch.offsets().begin(), batch.offsets().end(), at) != batch.offsets().end();
            last.push_back(static_cast<std::size_t>(batch.ids()[static_cast<std::size_t>(at)]));
            before.push_back(first ? 0 : static_cast<std::size_t>(batch.ids()[static_cast<std::size_t>(at) - 1]));
            for (std::size_t j = 0; j < n; ++j)
                logits(std::ssize(values), static_cast<std::int64_t>(j)) =
                    parameters_[last.back() * n + j] + parameters_[(n + before.back()) * n + j];
            values.push_back(parameters_[2 * n * n + last.back()]);
        }
        return {logits, values};
    }
    void backward(reft::strided_view<const Real, 2> d_logits, reft::strided_view<const Real, 1> d_values) {
        for (std::size_t i = 0; i < last.size(); ++i) {
            const auto row = static_cast<std::int64_t>(i);
            for (std::size_t j = 0; j < n; ++j) {
                const Real d = d_logits(row, static_cast<std::int64_t>(j));
                gradient_[last[i] * n + j] += d;
                Real& of_before = gradient_[(n + before[i]) * n + j];
                of_before = broken ? d : of_before + d;  // mistake: = where += is needed
            }
            if (!d_values.empty()) gradient_[2 * n * n + last[i]] += d_values[row];
        }
    }

    void zero_gradient() { gradient_.assign(size, 0); }
    double gradient_norm() const {
        double sum = 0;
        for (const Real g : gradient_) sum += static_cast<double>(g * g);
        return std::sqrt(sum);
    }
    void optimizer_step(double learning_rate, double gradient_scale) {
        for (std::size_t i = 0; i < size; ++i)
            parameters_[i] -= static_cast<Real>(learning_rate * gradient_scale) * gradient_[i];
    }
    my_policy snapshot() const { return *this; }
    auto score_logits(const reft::token_batch& batch) { return reft::view(evaluate(batch).logits); }

    // Three members more, and the gradient is compared with finite differences through the parameters.
    const std::vector<Real>& parameters() const { return parameters_; }
    const std::vector<Real>& gradient() const { return gradient_; }
    void set_parameters(std::span<const Real> x) { parameters_.assign(x.begin(), x.end()); }

    // Of every row that it continues, the decoder keeps the last two tokens: its KV cache.
    struct decoder {
        const my_policy& of;
        std::vector<std::size_t> last = std::vector<std::size_t>(8), before = last;

        std::int64_t capacity() const { return 8; }
        std::int64_t max_length() const { return 64; }
        void prefill(std::int64_t row, std::span<const reft::token_id> prompt) {
            const auto r = static_cast<std::size_t>(row);
            last[r] = static_cast<std::size_t>(prompt.back());
            if (prompt.size() > 1) before[r] = static_cast<std::size_t>(prompt[prompt.size() - 2]);
            if (prompt.size() == 1 && !of.broken) before[r] = 0;  // mistake: left from the row that was here before
        }
        void decode(std::span<const std::int64_t> rows, std::span<const reft::token_id> ids) {
            for (std::size_t i = 0; i < ids.size(); ++i) {
                const auto r = static_cast<std::size_t>(rows[i]);
                before[r] = std::exchange(last[r], static_cast<std::size_t>(ids[i]));
            }
        }
        std::vector<Real> logits(std::int64_t row) const {
            const auto r = static_cast<std::size_t>(row);
            std::vector<Real> x(n);
            for (std::size_t j = 0; j < n; ++j)
                x[j] = of.parameters_[last[r] * n + j] + of.parameters_[(n + before[r]) * n + j];
            return x;
        }
        void drop(std::int64_t) {}
    };
    auto sample(std::span<const reft::generation_prompt> prompts, const reft::generation_request& request) const {
        decoder d{*this};
        return reft::generate(d, prompts, request);
    }
};

int main(int argc, char** argv) {
    const bool broken = argc > 1 && std::string(argv[1]) == "--broken";
    if (argc > 1 && !broken) return std::fputs("usage: check_my_policy [--broken]\n", stderr), 2;

    const auto tensor =
        reft::check_tensor([](std::int64_t rows, std::int64_t columns) { return my_matrix<float>(rows, columns); },
                           [](auto& m, std::int64_t i, std::int64_t j) -> auto& { return m(i, j); });
    std::printf("my_matrix\n%s\n", tensor.text().c_str());

    const auto make = [&] { return my_policy<double>{.broken = broken}; };
    const auto policy = reft::check_policy(make, {.vocabulary = my_policy<double>::vocabulary});
    std::printf("my_policy\n%s", policy.text().c_str());
    return tensor.passed() && policy.passed() ? 0 : 1;
}
