// Generation: keys and values of rows that begin and end at different times, decoded together.
#pragma once

#include <reft/adapters/torch.hpp>
#include <reft/policy/generation.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "transformer.hpp"

namespace torch_example {

/// Keys and values of `slots` rows. A pass is about some of the slots: begin() and next() say which.
class kv_cache final : public past {
  public:
    kv_cache(const transformer& net, std::int64_t slots)
        : heads_(net.options().kv_heads), length_(net.options().max_length), numbers_(net.numbers()) {
        for (std::int64_t l = 0; l < net.options().layers; ++l)
            for (auto* kept : {&keys_, &values_})
                kept->push_back(torch::zeros({slots, heads_, length_, net.options().head_width()}, numbers_));
        positions_.resize(static_cast<std::size_t>(slots));
        causal_ = causal_mask(length_, numbers_);
    }

    /// The next pass gives `slot` its first n positions.
    void begin(std::int64_t slot, std::int64_t n) {
        slots_ = torch::tensor({slot});
        at_ = torch::arange(n).unsqueeze(0);
        seen_ = n;
        positions_[static_cast<std::size_t>(slot)] = n;
    }
    /// The next pass gives each of the slots one more position.
    void next(std::span<const std::int64_t> slots) {
        slots_ = reft::torch_tensor(reft::view(slots)).clone();
        at_ = torch::empty({slots_.size(0), 1}, torch::kLong);
        seen_ = 0;
        for (std::size_t i = 0; i < slots.size(); ++i) {
            std::int64_t& position = positions_[static_cast<std::size_t>(slots[i])];
            at_.data_ptr<std::int64_t>()[i] = position++;
            seen_ = std::max(seen_, position);
        }
    }

    Tensor places(const Tensor& table, std::int64_t n) const override {
        return table.index_select(0, at_.flatten()).view({-1, n, 1, table.size(-1)});
    }
    std::pair<Tensor, Tensor> append(std::size_t layer, const Tensor& keys, const Tensor& values) override {
        const auto all = [&](Tensor& kept, const Tensor& added) {
            const std::int64_t n = added.size(1), width = added.size(2);
            kept.index_put_({slots_.unsqueeze(1), torch::indexing::Slice(), at_},
                            added.view({-1, heads_, n, width}).transpose(1, 2));
            return kept.narrow(2, 0, seen_).index_select(0, slots_).view({-1, seen_, width});
        };
        return {all(keys_[layer], keys), all(values_[layer], values)};
    }
    Tensor mask(std::int64_t n, std::int64_t seen) const override {
        const Tensor of_row = causal_.index_select(0, at_.flatten()).narrow(1, 0, seen);
        return n == 1 ? of_row.repeat_interleave(heads_, 0).unsqueeze(1) : of_row;
    }

  private:
    std::int64_t heads_, length_;
    torch::TensorOptions numbers_;
    std::vector<Tensor> keys_, values_;  // one per layer, [slots, kv_heads, max_length, head_width]
    std::vector<std::int64_t> positions_;
    Tensor causal_;
    Tensor slots_, at_;      // of the pass: [rows] and [rows, n]
    std::int64_t seen_ = 0;  // positions of the longest row of the pass
};

/// What reft::generate asks for. Rows are slots of the cache.
template <class T>
class decoder {
  public:
    explicit decoder(const transformer& net) : net_(net), cache_(net, capacity()) {
        logits_ = torch::zeros({capacity(), net.options().vocabulary}, net.numbers());
    }

    static constexpr std::int64_t capacity() { return 32; }
    std::int64_t max_length() const { return net_.options().max_length; }
    void prefill(std::int64_t row, std::span<const reft::token_id> ids) {
        const torch::NoGradGuard no_gradient;
        cache_.begin(row, static_cast<std::int64_t>(ids.size()));
        const auto hidden = net_.forward(reft::torch_tensor(reft::view(ids)).to(torch::kLong).unsqueeze(0), cache_);
        logits_[row].copy_(net_.logits(hidden[0][-1]));
    }
    void decode(std::span<const std::int64_t> rows, std::span<const reft::token_id> ids) {
        const torch::NoGradGuard no_gradient;
        cache_.next(rows);
        const auto hidden = net_.forward(reft::torch_tensor(reft::view(ids)).to(torch::kLong).unsqueeze(1), cache_);
        logits_.index_copy_(0, reft::torch_tensor(reft::view(rows)), net_.logits(hidden.squeeze(1)));
    }
    auto logits(std::int64_t row) const { return reft::torch_view<const T, 2>(logits_)[row]; }
    void drop(std::int64_t) {}

  private:
    const transformer& net_;
    kv_cache cache_;
    Tensor logits_;  // [capacity, vocabulary], of the token after each row
};

}  // namespace torch_example
