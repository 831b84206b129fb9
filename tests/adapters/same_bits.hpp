// Every block of reft on the tensors of a library, and the comparison of what comes out with std::vector's results.
//
// A library is a backend: a struct that makes a tensor, reads an element by the library's own indexing, and says what
// is passed to reft. `shape<Rank>` are extents, or an index, of that many dimensions:
//
//     struct my_backend {
//         static constexpr std::size_t ranks = 2;  // of how many dimensions its tensors may be: 2 or 3
//         template <class T> static my_vector<T> make(shape<1> extents);
//         template <class T> static my_matrix<T> make(shape<2> extents);
//         template <class T> static T& element(my_vector<T>& x, shape<1> at);
//         template <class T> static T& element(my_matrix<T>& x, shape<2> at);
//         template <class T, class X, std::size_t Rank> static X& shown(X& x, shape<Rank> extents) { return x; }
//     };
//     TEST_CASE("...") { same_bits::check<my_backend>(); }
//
// T is float or double, std::uint8_t for masks, std::int32_t or std::int64_t for ids.
#pragma once

#include <reft/reft.hpp>
#include <reft/training/reft_metrics.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"

namespace same_bits {

template <std::size_t Rank>
using shape = std::array<std::int64_t, Rank>;

template <std::size_t Rank>
std::int64_t size_of(const shape<Rank>& extents) {
    return std::accumulate(extents.begin(), extents.end(), std::int64_t{1}, std::multiplies<>());
}

/// The i-th index below the extents, the last dimension fastest.
template <std::size_t Rank>
shape<Rank> index_of(std::int64_t i, const shape<Rank>& extents) {
    shape<Rank> at{};
    for (std::size_t d = Rank; d-- > 0; i /= extents[d]) at[d] = i % extents[d];
    return at;
}

/// What may lie beside the elements of a tensor: NaN, or the largest integer.
template <class T>
constexpr T garbage() {
    return std::is_floating_point_v<T> ? std::numeric_limits<T>::quiet_NaN() : std::numeric_limits<T>::max();
}

// ---- Tensors of a backend. -----------------------------------------------------------------------------------------

/// One expansion of Catch2's macro for all types.
inline void require(bool holds) { REQUIRE(holds); }

/// A tensor of a backend with given elements; `*x` is what is passed to reft.
template <class Backend, class T, std::size_t Rank>
class tensor {
  public:
    /// `elements` row by row.
    template <class U>
    REFT_NOINLINE tensor(const shape<Rank>& extents, const std::vector<U>& elements)
        : extents_(extents), x_(Backend::template make<T>(extents)) {
        require(static_cast<std::int64_t>(elements.size()) == size());
        for (std::int64_t i = 0; i < size(); ++i) (*this)(i) = static_cast<T>(elements[static_cast<std::size_t>(i)]);
        require(is_viewed_in_place());
    }
    explicit tensor(const shape<Rank>& extents)
        : tensor(extents, std::vector<T>(static_cast<std::size_t>(size_of(extents)))) {}
    template <class U>
    explicit tensor(const std::vector<U>& elements)
        requires(Rank == 1)
        : tensor({static_cast<std::int64_t>(elements.size())}, elements) {}

    std::int64_t size() const { return size_of(extents_); }
    /// The i-th element, row by row, as the library itself finds it.
    T& operator()(std::int64_t i) { return Backend::template element<T>(x_, index_of(i, extents_)); }
    decltype(auto) operator*() { return Backend::template shown<T>(x_, extents_); }

  private:
    REFT_NOINLINE bool is_viewed_in_place() {
        const auto view = reft::view(**this);
        static_assert(decltype(view)::rank == Rank && std::is_same_v<typename decltype(view)::element_type, T>);
        if (view.extents() != extents_) return false;
        for (std::int64_t i = 0; i < size(); ++i)
            if (&std::apply([&](auto... at) -> T& { return view(at...); }, index_of(i, extents_)) != &(*this)(i))
                return false;
        return true;
    }

    shape<Rank> extents_;
    decltype(Backend::template make<T>(shape<Rank>{})) x_;
};

/// What every backend is compared with: std::vector, and tensor_at where there is more than one dimension.
struct standard {
    static constexpr std::size_t ranks = 3;

    template <class T, std::size_t Rank>
    struct storage {
        std::vector<T> memory;
        shape<Rank> extents;
    };
    template <class T, std::size_t Rank>
    static storage<T, Rank> make(shape<Rank> extents) {
        return {std::vector<T>(static_cast<std::size_t>(size_of(extents))), extents};
    }
    template <class T, std::size_t Rank>
    static T& element(storage<T, Rank>& x, shape<Rank> at) {
        std::int64_t i = 0;
        for (std::size_t d = 0; d < Rank; ++d) i = i * x.extents[d] + at[d];
        return x.memory[static_cast<std::size_t>(i)];
    }
    template <class T, std::size_t Rank>
    static decltype(auto) shown(storage<T, Rank>& x, shape<Rank> extents) {
        if constexpr (Rank == 1)
            return (x.memory);
        else
            return reft::strided_view<T, Rank>(x.memory.data(), extents);
    }
};

// ---- What came out. --------------------------------------------------------------------------------------------------

/// The results of one block: the bits of its numbers, and whether they could tell anything.
struct result {
    std::string block;
    std::vector<std::uint64_t> bits;
    bool finite = true, all_zero = true;

    template <class T>
    void add(T x) {
        if constexpr (std::is_same_v<T, float>)
            bits.push_back(std::bit_cast<std::uint32_t>(x));
        else
            bits.push_back(std::bit_cast<std::uint64_t>(static_cast<double>(x)));
        finite = finite && std::isfinite(static_cast<double>(x));
        all_zero = all_zero && static_cast<double>(x) == 0;
    }
};

class results {
  public:
    template <class Backend, class T, std::size_t Rank>
    void add(const std::string& block, tensor<Backend, T, Rank>& x) {
        result& r = all_.emplace_back(result{block, {}});
        for (std::int64_t i = 0; i < x.size(); ++i) r.add(x(i));
    }
    void add(const std::string& block, const std::vector<double>& numbers) {
        result& r = all_.emplace_back(result{block, {}});
        for (const double x : numbers) r.add(x);
    }
    void add(const std::string& block, const reft::policy_stats& s) {
        const std::vector<double> sums = {s.loss,      s.log_prob,  s.entropy,           s.ratio,
                                          s.old_kl_k1, s.old_kl_k3, s.largest_log_ratio, s.reference_kl};
        const std::vector<std::int64_t> counts = {s.tokens, s.non_finite, s.clipped, s.dual_clipped};
        add(block + ": sums", sums);
        add(block + ": counts", std::vector<double>(counts.begin(), counts.end()));
    }
    void add(const std::string& block, const reft::value_stats& s) {
        const std::vector<std::int64_t> counts = {s.tokens, s.non_finite, s.clipped};
        add(block + ": sums", std::vector<double>{s.loss, s.value, s.squared_error});
        add(block + ": counts", std::vector<double>(counts.begin(), counts.end()));
    }
    const std::vector<result>& all() const { return all_; }

  private:
    std::vector<result> all_;
};

// ---- Inputs. ---------------------------------------------------------------------------------------------------------

// 20 tokens: padded in 4 rows of 5, or packed in rows of 6, 0, 9 and 5.
constexpr std::int64_t batch = 4, time = 5, tokens = batch * time, vocabulary = 7, width = 3, positions = 26;

/// Numbers with NaN wherever the mask is 0.
template <class T>
std::vector<T> spoiled(std::uint64_t seed, const std::vector<std::uint8_t>& mask, double deviation = 1.0) {
    return test::spoiled(test::normal<T>(mask.size(), seed, deviation), mask, garbage<T>());
}

/// Rows of `n` numbers, all of them NaN where the mask is 0.
template <class T>
std::vector<T> spoiled_rows(std::uint64_t seed, const std::vector<std::uint8_t>& mask, std::int64_t n) {
    std::vector<std::uint8_t> of_rows;
    for (const std::uint8_t counts : mask) of_rows.insert(of_rows.end(), static_cast<std::size_t>(n), counts);
    return spoiled<T>(seed, of_rows);
}

/// Ids, one outside the vocabulary where the mask is 0.
inline std::vector<std::int32_t> spoiled_ids(const std::vector<std::uint8_t>& mask) {
    return test::spoiled(test::ids(mask.size(), static_cast<std::uint64_t>(vocabulary), 1), mask, -1);
}

// ---- The blocks, written once. ---------------------------------------------------------------------------------------

/// Not inlined into one another: compilers with sanitizers took minutes over the function that came of it.
template <class Backend, class T>
class blocks {
  public:
    /// Results of blocks on tensors of up to `ranks` dimensions.
    results run(std::size_t ranks) {
        tensor<Backend, std::uint8_t, 2> mask({batch, time}, mask_);
        rewards_and_advantages<2>("padded", reft::rows::padded(*mask), {batch, time}, mask_);
        losses_over_tokens<2>("padded", {batch, time});
        rows_of_lengths();

        tensor<Backend, std::int64_t, 1> offsets(std::vector<int>{0, 6, 6, 15, 20});
        tensor<Backend, std::uint8_t, 1> packed_mask(mask_);
        rewards_and_advantages<1>("packed", reft::rows::packed(*offsets, *packed_mask), {tokens}, mask_);
        losses_over_tokens<1>("packed", {tokens});

        logits_of_tokens<1>("[tokens, vocabulary]", {tokens}, {tokens, vocabulary}, mask_, {});
        logits_at_every_position();
        if constexpr (Backend::ranks >= 3)
            if (ranks >= 3)
                logits_of_tokens<2>("[batch, time, vocabulary]", {batch, time}, {batch, time, vocabulary}, mask_, {});
        linear_head();
        sampling();
        generation();
        return found_;
    }

  private:
    template <std::size_t Rank>
    using numbers = tensor<Backend, T, Rank>;

    /// Numbers of tokens, NaN at those that do not count.
    template <std::size_t Rank>
    numbers<Rank> spoiled_numbers(const shape<Rank>& extents, std::uint64_t seed, double deviation = 1.0) {
        return numbers<Rank>(extents, spoiled<T>(seed, mask_, deviation));
    }
    template <std::size_t Rank>
    numbers<Rank> weights(const shape<Rank>& extents) {
        std::vector<double> w(mask_.begin(), mask_.end());
        for (std::size_t i = 0; i < w.size(); ++i) w[i] *= 0.01 * static_cast<double>(i + 1);
        return numbers<Rank>(extents, w);
    }

    template <std::size_t Rank>
    REFT_NOINLINE void rewards_and_advantages(const std::string& layout, const reft::rows& r,
                                              const shape<Rank>& extents, const std::vector<std::uint8_t>& counted) {
        const auto add = [&](const std::string& block, auto&& x) { found_.add(layout + ": " + block, x); };
        numbers<Rank> log_probs(extents, spoiled<T>(1, counted)), ref_log_probs(extents, spoiled<T>(2, counted)),
            values(extents, spoiled<T>(3, counted)), out(extents), kl(extents), rewards(extents), advantages(extents),
            returns(extents);
        numbers<1> scores(test::normal<T>(static_cast<std::size_t>(r.count()), 4)),
            bootstrap(test::normal<T>(static_cast<std::size_t>(r.count()), 5));

        for (const auto estimator :
             {reft::kl_estimator::k2, reft::kl_estimator::k3, reft::kl_estimator::abs, reft::kl_estimator::k1}) {
            reft::sampled_kl(*log_probs, *ref_log_probs, r, *kl, estimator);
            add("sampled_kl " + std::to_string(static_cast<int>(estimator)), kl);
        }
        const auto report = reft::shaped_rewards(*scores, *kl, r, *rewards, {.kl_coef = 0.05});
        add("shaped_rewards", rewards);
        reft::gae(*rewards, *values, r, *advantages, {.gamma = 0.9, .lambda = 0.8}, *bootstrap);
        add("gae with bootstrap values", advantages);
        reft::gae(*rewards, *values, r, *advantages, {.gamma = 0.9, .lambda = 0.8});
        add("gae", advantages);
        reft::returns(*advantages, *values, r, *returns);
        add("returns", returns);
        reft::whiten(*advantages, r, *out);
        add("whiten", out);
        const reft::moments statistics = reft::moments_of(*advantages, r);
        reft::whiten(*advantages, r, *out, statistics, {.mode = reft::whitening::scale_only});
        add("whiten with given moments", out);
        add("numbers",
            std::vector<double>{static_cast<double>(report.rows_without_tokens), reft::mean_sequence_kl(*kl, r),
                                reft::explained_variance(*values, *returns, r), statistics.mean,
                                statistics.squared_deviations, static_cast<double>(statistics.count)});

        using enum reft::aggregation;
        for (const auto rule : {token_mean, sequence_mean_of_token_means, sequence_mean_of_token_sums}) {
            reft::token_weights(r, rule, reft::denominator(r, rule), *out);
            add("token_weights " + std::to_string(static_cast<int>(rule)), out);
        }
    }

    /// The same with rows that end early, where what follows is NaN.
    REFT_NOINLINE void rows_of_lengths() {
        const std::vector<int> given = {2, 5, 0, 4};
        std::vector<std::uint8_t> counted;
        for (const int length : given)
            for (int t = 0; t < time; ++t) counted.push_back(t < length);
        tensor<Backend, std::int32_t, 1> lengths(given);
        rewards_and_advantages<2>("padded to lengths", reft::rows::padded_to(time, *lengths), {batch, time}, counted);
    }

    template <std::size_t Rank>
    REFT_NOINLINE void losses_over_tokens(const std::string& layout, const shape<Rank>& extents) {
        const auto add = [&](const std::string& block, auto&& x) { found_.add(layout + ": " + block, x); };
        auto w = weights<Rank>(extents);
        auto log_probs = spoiled_numbers<Rank>(extents, 10, 0.3), entropies = spoiled_numbers<Rank>(extents, 11),
             old_log_probs = spoiled_numbers<Rank>(extents, 12, 0.3),
             ref_log_probs = spoiled_numbers<Rank>(extents, 13), advantages = spoiled_numbers<Rank>(extents, 14),
             values = spoiled_numbers<Rank>(extents, 15), old_values = spoiled_numbers<Rank>(extents, 16),
             returns = spoiled_numbers<Rank>(extents, 17);
        numbers<Rank> d_first(extents), d_second(extents);

        const auto loss = reft::clipped_policy(*old_log_probs, *advantages, {.clip_range = 0.1, .dual_clip = 1.2}) +
                          0.05 * reft::kl_penalty(*ref_log_probs, {.estimator = reft::kl_estimator::k3});
        const auto with_entropy = loss + 0.5 * reft::cross_entropy<T>() + 0.01 * reft::entropy_bonus<T>();
        add("loss_over_log_probs", reft::loss_over_log_probs(loss, *log_probs, *w, *d_first));
        add("loss_over_log_probs", d_first);
        add("loss_over_log_probs with entropies",
            reft::loss_over_log_probs(with_entropy, *log_probs, *entropies, *w, *d_first, *d_second));
        add("loss_over_log_probs with entropies: d_log_probs", d_first);
        add("loss_over_log_probs with entropies: d_entropies", d_second);
        add("loss_over_log_probs in place", reft::loss_over_log_probs(loss, *log_probs, *w, *log_probs));
        add("loss_over_log_probs in place", log_probs);

        const auto value_loss = 5.0 * reft::clipped_value(*old_values, *returns, {.clip_range = 0.5});
        add("loss_over_values", reft::loss_over_values(value_loss, *values, *w, *d_first));
        add("loss_over_values", d_first);
        add("loss_over_values in place", reft::loss_over_values(value_loss, *values, *w, *values));
        add("loss_over_values in place", values);
    }

    /// All that is done with logits; rows of tokens that do not count are NaN, and so are rows of no token.
    template <std::size_t Rank>
    REFT_NOINLINE void logits_of_tokens(const std::string& layout, const shape<Rank>& extents,
                                        const shape<Rank + 1>& of_logits, const std::vector<std::uint8_t>& rows_counted,
                                        const reft::integer_view& row_index) {
        const auto add = [&](const std::string& block, auto&& x) { found_.add(layout + ": " + block, x); };
        tensor<Backend, std::int32_t, Rank> ids(extents, spoiled_ids(mask_));
        numbers<Rank + 1> logits(of_logits, spoiled_rows<T>(20, rows_counted, vocabulary)),
            ref_logits(of_logits, spoiled_rows<T>(21, rows_counted, vocabulary)), d_logits(of_logits);
        auto w = weights<Rank>(extents);
        auto advantages = spoiled_numbers<Rank>(extents, 22), old_log_probs = spoiled_numbers<Rank>(extents, 23, 0.3);
        numbers<Rank> log_probs(extents), entropies(extents), d_first(extents), d_second(extents);

        const reft::token_logits_options options{.temperature = 0.8, .row_index = row_index};
        const reft::token_logits policy(*logits, *ids, options), reference(*ref_logits, *ids, options);
        const reft::workspace memory(reft::workspace_bytes(policy));
        const auto loss = reft::clipped_policy(*old_log_probs, *advantages) + 0.1 * reft::entropy_bonus<T>();

        reft::token_log_probs(policy, *w, *log_probs);
        add("token_log_probs", log_probs);
        reft::token_log_probs(policy, *w, *log_probs, *entropies);
        add("token_log_probs with entropies", log_probs);
        add("token_log_probs with entropies", entropies);
        reft::loss_over_log_probs(loss, *log_probs, *entropies, *w, *d_first, *d_second);
        reft::backward_to_logits(policy, *d_first, *d_logits);
        add("backward_to_logits", d_logits);
        reft::backward_to_logits(policy, *d_first, *d_second, *d_logits);
        add("backward_to_logits with entropies", d_logits);
        add("loss_over_logits", reft::loss_over_logits(loss, policy, *w, *d_logits, memory));
        add("loss_over_logits", d_logits);
        reft::full_kl(policy, reference, *w, *d_first);
        add("full_kl", d_first);
        add("add_full_kl_gradient",
            std::vector<double>{reft::add_full_kl_gradient(policy, reference, *w, *d_logits, memory)});
        add("add_full_kl_gradient", d_logits);
        add("loss_over_logits in place", reft::loss_over_logits(loss, policy, *w, *logits, memory));
        add("loss_over_logits in place", logits);
    }

    REFT_NOINLINE void logits_at_every_position() {
        std::vector<std::int64_t> row_of_token;
        std::vector<std::uint8_t> counted(static_cast<std::size_t>(positions));
        for (std::int64_t i = 0; i < tokens; ++i) {
            row_of_token.push_back(i + 1 + i / 5);
            counted[static_cast<std::size_t>(row_of_token.back())] = mask_[static_cast<std::size_t>(i)];
        }
        tensor<Backend, std::int64_t, 1> row_index(row_of_token);
        logits_of_tokens<1>("[positions, vocabulary]", {tokens}, {positions, vocabulary}, counted, *row_index);
    }

    REFT_NOINLINE void linear_head() {
        tensor<Backend, std::int32_t, 1> ids(spoiled_ids(mask_));
        numbers<2> hidden({tokens, width}, spoiled_rows<T>(30, mask_, width)),
            head({vocabulary, width}, test::normal<T>(static_cast<std::size_t>(vocabulary * width), 31)),
            d_hidden({tokens, width}), d_head({vocabulary, width});
        auto w = weights<1>({tokens});
        auto advantages = spoiled_numbers<1>({tokens}, 32), old_log_probs = spoiled_numbers<1>({tokens}, 33, 0.3);
        numbers<1> log_probs({tokens}), entropies({tokens});
        const reft::head_logits policy(*hidden, *head, *ids, {.temperature = 0.8});
        const reft::workspace memory(reft::workspace_bytes(policy));
        reft::token_log_probs(policy, *w, *log_probs, *entropies, memory);
        found_.add("head: token_log_probs", log_probs);
        found_.add("head: token_log_probs, entropies", entropies);
        const auto loss = reft::clipped_policy(*old_log_probs, *advantages) + 0.1 * reft::entropy_bonus<T>();
        found_.add("loss_over_head", reft::loss_over_head(loss, policy, *w, *d_hidden, *d_head, memory));
        found_.add("loss_over_head: d_hidden", d_hidden);
        found_.add("loss_over_head: d_head", d_head);
    }

    REFT_NOINLINE void sampling() {
        numbers<1> logits(test::normal<T>(static_cast<std::size_t>(vocabulary), 40));
        reft::sampling_scratch scratch;
        std::vector<double> chosen;
        for (const reft::sampling_options& options :
             {reft::sampling_options{.greedy = true}, reft::sampling_options{.temperature = 0.7},
              reft::sampling_options{.temperature = 2.0, .top_k = 3, .top_p = 0.8}})
            for (const double uniform : {0.1, 0.5, 0.9}) {
                const auto sampled = reft::sample_token(*logits, options, uniform, scratch);
                for (const double x : {static_cast<double>(sampled.id), static_cast<double>(sampled.log_probs.raw),
                                       static_cast<double>(sampled.log_probs.at_temperature),
                                       static_cast<double>(sampled.log_probs.as_sampled)})
                    chosen.push_back(x);
            }
        found_.add("sample_token", chosen);
    }

    /// A bigram model: the next logits follow from the last token.
    struct decoder {
        std::vector<numbers<1>>& table;
        std::array<std::size_t, 2> last = {};
        std::int64_t capacity() const { return 2; }
        std::int64_t max_length() const { return 9; }
        void prefill(std::int64_t row, std::span<const reft::token_id> ids) { keep(row, ids.back()); }
        void decode(std::span<const std::int64_t> rows, std::span<const reft::token_id> ids) {
            for (std::size_t i = 0; i < rows.size(); ++i) keep(rows[i], ids[i]);
        }
        decltype(auto) logits(std::int64_t row) const { return *table[last[static_cast<std::size_t>(row)]]; }
        void drop(std::int64_t) {}
        void keep(std::int64_t row, reft::token_id id) {
            last[static_cast<std::size_t>(row)] = static_cast<std::size_t>(id);
        }
    };

    REFT_NOINLINE void generation() {
        std::vector<numbers<1>> table;
        for (std::uint64_t id = 0; id < static_cast<std::uint64_t>(vocabulary); ++id)
            table.emplace_back(test::normal<T>(static_cast<std::size_t>(vocabulary), 50 + id));
        decoder model{table};
        const std::vector<reft::generation_prompt> prompts = {{{1}, 0}, {{2, 3}, 1}, {{4}, 2}};
        std::vector<double> ids;
        for (const reft::trajectory& t :
             reft::generate(model, std::span<const reft::generation_prompt>(prompts), {.stop = {0}, .seed = 5}))
            ids.insert(ids.end(), t.response.begin(), t.response.end());
        found_.add("generate", ids);
    }

    std::vector<std::uint8_t> mask_ = test::mask(static_cast<std::size_t>(tokens), 3);
    results found_;
};

// ---- The comparison. -------------------------------------------------------------------------------------------------

/// What std::vector gives; same_bits_test.cpp works it out for all.
template <class T>
results expected_results(std::size_t ranks);
template <>
results expected_results<float>(std::size_t ranks);
template <>
results expected_results<double>(std::size_t ranks);

template <class Backend, class T>
void check_scalar() {
    const results expected = expected_results<T>(Backend::ranks), found = blocks<Backend, T>().run(Backend::ranks);
    REQUIRE(found.all().size() == expected.all().size());
    for (std::size_t i = 0; i < found.all().size(); ++i) {
        const result &a = expected.all()[i], &b = found.all()[i];
        INFO(a.block << " in " << (sizeof(T) == sizeof(float) ? "float" : "double"));
        CHECK(a.block == b.block);
        CHECK(a.finite);  // NaN where nothing counts has not come through
        CHECK_FALSE(a.all_zero);
        CHECK(a.bits == b.bits);
    }
}

template <class Backend>
void check() {
    check_scalar<Backend, float>();
    check_scalar<Backend, double>();
}

}  // namespace same_bits
