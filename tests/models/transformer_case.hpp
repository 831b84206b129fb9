// Small transformers, batches and losses for the tests of the reference policy.
#pragma once

#include <reft/core/random.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/core/thread_pool.hpp>
#include <reft/models/transformer.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace transformer_case {

using namespace reft;

/// Prompt and response lengths of each row.
using row_lengths = std::vector<std::pair<std::int64_t, std::int64_t>>;

inline std::vector<token_id> random_ids(std::int64_t n, std::int64_t vocabulary, random_stream& stream) {
    std::vector<token_id> ids;
    for (std::int64_t i = 0; i < n; ++i)
        ids.push_back(static_cast<token_id>(stream.below(static_cast<std::uint64_t>(vocabulary))));
    return ids;
}

/// Rows first ... last-1 of the batch that these lengths and this seed describe.
inline token_batch random_batch(const row_lengths& lengths, std::int64_t vocabulary, std::size_t first = 0,
                                std::size_t last = 1000, std::uint64_t seed = 5) {
    token_batch batch;
    random_stream stream(seed);
    for (std::size_t b = 0; b < lengths.size(); ++b) {
        const auto prompt = random_ids(lengths[b].first, vocabulary, stream);
        const auto response = random_ids(lengths[b].second, vocabulary, stream);
        if (b >= first && b < last) batch.add(prompt, response);
    }
    return batch;
}

/// Random parameters of moderate size, the norms and the value head included.
template <class T>
void randomise(transformer<T>& policy, std::uint64_t seed) {
    transformer_state<T> state = policy.state();
    random_stream stream(seed, random_purpose::user);
    for (T& p : state.parameters) p = static_cast<T>(static_cast<double>(p) + 0.2 * stream.normal());
    policy.restore(std::move(state));
}

/// Numbers that belong to (row of the whole batch, token, entry): the same however the batch is split.
template <class T>
std::vector<T> random_gradient(const row_lengths& lengths, std::size_t first, std::size_t last, std::int64_t entries) {
    std::vector<T> d;
    for (std::size_t b = first; b < last && b < lengths.size(); ++b)
        for (std::int64_t i = 0; i < lengths[b].second * entries; ++i)
            d.push_back(static_cast<T>(uniform(3, {random_purpose::user, static_cast<std::uint32_t>(entries),
                                                   static_cast<std::uint32_t>(b), static_cast<std::uint32_t>(i)}) -
                                       0.5));
    return d;
}

template <class T>
std::vector<std::remove_const_t<T>> copy_of(const strided_view<T, 2>& x) {
    std::vector<std::remove_const_t<T>> all;
    for (std::int64_t i = 0; i < x.extent(0); ++i)
        for (std::int64_t j = 0; j < x.extent(1); ++j) all.push_back(x(i, j));
    return all;
}
template <class T>
std::vector<std::remove_const_t<T>> copy_of(const strided_view<T, 1>& x) {
    std::vector<std::remove_const_t<T>> all;
    for (std::int64_t i = 0; i < x.extent(0); ++i) all.push_back(x[i]);
    return all;
}

/// Evaluates rows first ... last-1 and adds the gradient of Σ c·logits + Σ u·values with random c, u.
template <class T>
void accumulate(transformer<T>& policy, const row_lengths& lengths, std::size_t first = 0, std::size_t last = 1000) {
    const std::int64_t vocabulary = policy.options().vocabulary;
    const token_batch batch = random_batch(lengths, vocabulary, first, last);
    policy.evaluate(batch);
    const auto c = random_gradient<T>(lengths, first, last, vocabulary);
    const auto u = random_gradient<T>(lengths, first, last, 1);
    const std::int64_t n = batch.response_tokens();
    policy.backward(tensor_at(c.data(), n, vocabulary), tensor_at(u.data(), policy.options().value_head ? n : 0));
}

}  // namespace transformer_case
