// The rows of a batch that have to be computed, and what a forward pass keeps of them.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/workspace.hpp>
#include <reft/models/transformer_network.hpp>
#include <reft/models/transformer_rows.hpp>
#include <reft/policy/token_batch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA {

inline void require_ids(std::span<const token_id> ids, std::int64_t vocabulary, const char* function,
                        std::int64_t row) {
    for (std::size_t i = 0; i < ids.size(); ++i)
        if (ids[i] < 0 || ids[i] >= vocabulary)
            throw value_error(std::string(function) + ": token " + std::to_string(i) + " of row " +
                              std::to_string(row) + " is " + std::to_string(ids[i]) + ", outside 0.." +
                              std::to_string(vocabulary - 1));
}

/// Which positions of a batch are computed, and which rows make up a task.
///
/// Nothing depends on a row's last token (it predicts no response token), nor on a row without a response, so these
/// positions are left out. A task takes rows until it has `task_positions`: products of few rows are slow.
class row_plan {
  public:
    static constexpr std::int64_t task_positions = 64;

    void set(const token_batch& batch, const transformer_options& o, const char* function) {
        ids_.clear();
        starts_.assign(1, 0);
        responses_.assign(batch.response_offsets().begin(), batch.response_offsets().end());
        tasks_.assign(1, 0);
        longest_row_ = longest_task_ = 0;
        for (std::int64_t b = 0; b < batch.count(); ++b) add_row(batch, o, function, b);
        if (tasks_.back() != rows()) close_task(rows());
    }

    std::int64_t rows() const { return static_cast<std::int64_t>(starts_.size()) - 1; }
    std::int64_t positions() const { return starts_.back(); }
    std::int64_t responses() const { return responses_.back(); }
    std::int64_t longest_row() const { return longest_row_; }
    std::int64_t longest_task() const { return longest_task_; }

    const token_id* ids() const { return ids_.data(); }  // [positions]
    /// The computed positions of row b are start(b) ... start(b+1)-1, its response tokens response(b) ...
    std::int64_t start(std::int64_t b) const { return starts_[static_cast<std::size_t>(b)]; }
    std::int64_t length(std::int64_t b) const { return start(b + 1) - start(b); }
    std::int64_t response(std::int64_t b) const { return responses_[static_cast<std::size_t>(b)]; }
    /// Response token r of row b is predicted at this computed position: always one of the row's last.
    std::int64_t predictor(std::int64_t b, std::int64_t r) const { return start(b + 1) - (response(b + 1) - r); }

    std::int64_t tasks() const { return static_cast<std::int64_t>(tasks_.size()) - 1; }
    std::int64_t first_row(std::int64_t task) const { return tasks_[static_cast<std::size_t>(task)]; }

  private:
    void add_row(const token_batch& batch, const transformer_options& o, const char* function, std::int64_t b) {
        const auto at = [&](std::int64_t row) { return batch.offsets()[static_cast<std::size_t>(row)]; };
        const std::int64_t length = at(b + 1) - at(b);
        if (length > o.max_length)
            throw value_error(std::string(function) + ": row " + std::to_string(b) + " has " + std::to_string(length) +
                              " tokens but max_length is " + std::to_string(o.max_length));
        const auto ids = batch.ids().subspan(static_cast<std::size_t>(at(b)), static_cast<std::size_t>(length));
        require_ids(ids, o.vocabulary, function, b);
        if (response(b + 1) > response(b)) ids_.insert(ids_.end(), ids.begin(), ids.end() - 1);
        starts_.push_back(static_cast<std::int64_t>(ids_.size()));
        longest_row_ = std::max(longest_row_, this->length(b));
        if (start(b + 1) - start(tasks_.back()) >= task_positions) close_task(b + 1);
    }
    void close_task(std::int64_t end) {
        longest_task_ = std::max(longest_task_, start(end) - start(tasks_.back()));
        tasks_.push_back(end);
    }

    std::vector<token_id> ids_;
    std::vector<std::int64_t> starts_, responses_, tasks_;
    std::int64_t longest_row_ = 0, longest_task_ = 0;
};

/// What one layer computes, [positions, ...].
template <class T>
struct layer_activations {
    T *input, *attention_input, *qkv, *attended, *middle, *feed_forward_input, *gate_up, *gated, *output;
    T *attention_scale, *feed_forward_scale;  // of the norms, [positions]
    softmax_scale<T>* softmax;                // [positions, heads]
};

/// The arrays of a pass. They are kept from call to call and grow when a batch is larger than all before.
template <class T>
class activations {
  public:
    enum class layers { all, last };  // `last`: every layer overwrites the one before, for passes without gradient

    void reserve(const transformer_network<T>& net, const row_plan& plan, layers which) {
        const std::size_t bytes = set_arrays(net, plan, which, nullptr);
        memory_.reserve(bytes);
        scratch arrays(memory_, bytes, "transformer");
        set_arrays(net, plan, which, &arrays);
    }

    layer_activations<T> layer(std::int64_t l) const { return layers_[static_cast<std::size_t>(l)]; }

    T *last_hidden = nullptr, *final_scale = nullptr;  // [responses, width], [responses]
    T *logits = nullptr, *values = nullptr;            // [responses, vocabulary], [responses]

  private:
    /// Points all arrays into `arrays`, if there are any, and returns the bytes they take.
    std::size_t set_arrays(const transformer_network<T>& net, const row_plan& plan, layers which, scratch* arrays) {
        std::size_t bytes = 0;
        const auto array = [&]<class U>(U*& pointer, std::int64_t size) {
            bytes += aligned_bytes(static_cast<std::size_t>(size) * sizeof(U));
            if (arrays) pointer = arrays->template array<U>(size);
        };
        const transformer_options& o = net.options;
        const std::int64_t n = plan.positions(), r = plan.responses();
        layers_.resize(static_cast<std::size_t>(o.layers));
        for (std::size_t l = 0; l < layers_.size(); ++l) {
            layer_activations<T>& a = layers_[l];
            if (l > 0 && which == layers::last) {
                a = layers_[0];
                continue;
            }
            if (l == 0)
                array(a.input, n * o.width);
            else
                a.input = layers_[l - 1].output;
            array(a.attention_input, n * o.width);
            array(a.qkv, n * net.qkv_width());
            array(a.attended, n * o.width);
            array(a.middle, n * o.width);
            array(a.feed_forward_input, n * o.width);
            array(a.gate_up, n * 2 * o.hidden);
            array(a.gated, n * o.hidden);
            if (which == layers::all)
                array(a.output, n * o.width);
            else
                a.output = a.input;
            array(a.attention_scale, n);
            array(a.feed_forward_scale, n);
            array(a.softmax, n * o.heads);
        }
        array(last_hidden, r * o.width);
        array(final_scale, r);
        array(logits, r * o.vocabulary);
        array(values, o.value_head ? r : 0);
        return bytes;
    }

    workspace memory_;
    std::vector<layer_activations<T>> layers_;
};

}  // namespace reft::inline REFT_ABI::detail::cpu::inline REFT_ISA
