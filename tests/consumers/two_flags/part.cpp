// Compiled twice; PART names the function of each.
#include "numbers.hpp"

#include <reft/reft.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

namespace {

constexpr int batch = 7, time_steps = 61, tokens = batch * time_steps, vocabulary = 103;

// Types that this file alone has. What reft makes for them cannot be merged with what the other part has, as the linker
// does with functions around the loops that both parts have.
template <class T>
struct in_rows {
    T* data;
};
template <class T>
struct own_policy_loss : reft::clipped_policy<T> {
    using reft::clipped_policy<T>::clipped_policy;
};

template <class T>
std::vector<T> waves(int size, double frequency) {
    std::vector<T> x(static_cast<std::size_t>(size));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(3 * std::sin(frequency * static_cast<double>(i)));
    return x;
}

template <class T>
double policy_loss(std::vector<T>& d_logits) {
    const auto logits = waves<T>(tokens * vocabulary, 0.37);
    const auto old_log_probs = waves<T>(tokens, 0.11), advantages = waves<T>(tokens, 0.23);
    const std::vector<T> weights(tokens, T(1) / tokens);
    std::vector<std::int32_t> ids(tokens);
    for (int i = 0; i < tokens; ++i) ids[static_cast<std::size_t>(i)] = i * 31 % vocabulary;
    d_logits.resize(logits.size());
    const reft::token_logits of(reft::tensor_at(logits.data(), tokens, vocabulary), ids, {.temperature = 0.9});
    const reft::workspace memory(reft::workspace_bytes(of));
    const auto loss = own_policy_loss<T>(old_log_probs, advantages) + 0.01 * reft::entropy_bonus<T>();
    return reft::loss_over_logits(loss, of, weights, reft::tensor_at(d_logits.data(), tokens, vocabulary), memory).loss;
}

}  // namespace

template <class T>
struct reft::tensor_traits<in_rows<T>> {
    static constexpr std::size_t rank = 2;
    static constexpr bool borrowed = true;
    static auto view(const in_rows<T>& x) { return tensor_at(x.data, batch, time_steps); }
};

numbers PART() {
    const auto layout = reft::rows::padded(batch, time_steps);
    const auto rewards = waves<double>(tokens, 0.7), values = waves<double>(tokens, 1.3);
    numbers n;
    n.advantages.resize(tokens);
    n.whitened.resize(tokens);
    const in_rows<double> advantages{n.advantages.data()}, whitened{n.whitened.data()};
    reft::gae(in_rows<const double>{rewards.data()}, in_rows<const double>{values.data()}, layout, advantages,
              {.gamma = 0.99, .lambda = 0.95});
    reft::whiten(advantages, layout, whitened);
    n.loss = policy_loss(n.d_logits);
    n.loss_f = policy_loss(n.d_logits_f);
    return n;
}
