// Logits where the model wrote them, and the tokens whose log-probs are wanted of them.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/integer_view.hpp>
#include <reft/core/std_tensors.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace reft::inline REFT_ABI {

/// How logits become log-probs, and which row of them belongs to which token.
struct token_logits_options {
    double temperature = 1.0;  ///< log-probs are those of softmax(logits / temperature), > 0
    /// Token i is predicted by row row_index[i] of the logits; strictly increasing. Absent: by row i.
    /// token_batch::predictors() is one.
    integer_view row_index = {};
};

/// Logits [tokens, vocabulary] with ids [tokens], or [batch, time, vocabulary] with ids [batch, time].
///
/// With a row_index the logits may have more rows than there are tokens (the model wrote them at every position).
/// Entry t of a row of ids is the token that the logits at t predict: shift before, not inside. The vocabulary is
/// the last extent; a padded vocabulary is a stride larger than it. Non-owning; the kernels never write through it,
/// except where the caller passes the same memory as d_logits.
template <class T>
class token_logits {
  public:
    /// Views logits, ids and row_index, which must outlive it.
    ///
    /// Errors    shape_error; value_error if row_index does not increase within the logits; option_error if the
    ///           temperature is outside 1e-6 ... 1e6.
    template <tensor Logits, class Ids>
        requires((tensor_of_rank<Logits, 2> || tensor_of_rank<Logits, 3>) && scalar<scalar_t<Logits>>)
    token_logits(Logits&& logits, Ids&& ids, const token_logits_options& options = {})
        : logits_(as_rank_3(view(std::forward<Logits>(logits)))), ids_(std::forward<Ids>(ids)), options_(options) {
        detail::require_temperature("token_logits", options.temperature);
        options.row_index.require_rank_1("token_logits", "row_index");
        if (options.row_index.absent()) {
            if (logits_.extent(0) != ids_.extent(0) || logits_.extent(1) != ids_.extent(1))
                throw shape_error("token_logits: logits is " + detail::shape_text(logits_) + " but ids is " +
                                  detail::shape_text(ids_));
            return;
        }
        const integer_view& index = options.row_index;
        if (logits_.extent(0) != 1 || index.size() != ids_.size() || ids_.extent(0) != 1)
            throw shape_error(
                "token_logits: row_index is for logits [positions, vocabulary] and has one entry per id, "
                "but logits is " +
                detail::shape_text(logits_) + ", row_index is " + detail::shape_text(index) + " and ids is " +
                detail::shape_text(ids_));
        std::int64_t previous = -1;
        for (std::int64_t i = 0; i < index.size(); previous = index[i++])
            if (index[i] <= previous || index[i] >= logits_.extent(1))
                throw value_error("token_logits: row_index[" + std::to_string(i) + "] is " + std::to_string(index[i]) +
                                  "; entries must increase and be below " + std::to_string(logits_.extent(1)));
    }

    /// Extents of the per-token arrays that go with it.
    std::array<std::int64_t, 2> extents() const { return ids_.extents(); }
    REFT_HD std::int64_t tokens() const { return ids_.size(); }            ///< number of ids
    REFT_HD std::int64_t vocabulary() const { return logits_.extent(2); }  ///< logits of a token
    /// τ, by which logits are multiplied.
    REFT_HD double inverse_temperature() const { return 1.0 / options_.temperature; }
    REFT_HD const strided_view<const T, 3>& logits() const {
        return logits_;
    }  ///< [batch or 1, time or rows, vocabulary]

    /// The n-th token, counted row by row.
    REFT_HD token_index token_at(std::int64_t n) const { return {n / ids_.extent(1), n % ids_.extent(1)}; }
    /// The token's id, which may be outside the vocabulary: see require_id.
    REFT_HD std::int64_t id(token_index i) const { return ids_(i); }

    /// Which row of the logits predicts a token.
    REFT_HD token_index position(token_index i) const {
        return options_.row_index.absent() ? i : token_index{0, options_.row_index[i.column]};
    }
    /// The logits that predict a token, [vocabulary].
    REFT_HD strided_view<const T, 1> row(token_index i) const {
        const token_index at = position(i);
        return logits_[at.row][at.column];
    }
    /// Whether the logits may have rows that predict no token.
    REFT_HD bool has_row_index() const { return !options_.row_index.absent(); }

    /// Throws value_error if the id of a token is outside the vocabulary.
    void require_id(std::string_view function, token_index i) const {
        if (id(i) < 0 || id(i) >= vocabulary()) refuse_id(function, i);
    }

  private:
    [[noreturn]] void refuse_id(std::string_view function, token_index i) const {
        throw value_error(std::string(function) + ": the id of token [" + std::to_string(i.row) + ", " +
                          std::to_string(i.column) + "] is " + std::to_string(id(i)) + ", outside 0.." +
                          std::to_string(vocabulary() - 1));
    }
    template <class U>
    static strided_view<const T, 3> as_rank_3(const strided_view<U, 3>& x) {
        return x;
    }
    template <class U>
    static strided_view<const T, 3> as_rank_3(const strided_view<U, 2>& x) {
        return {x.data(), {1, x.extent(0), x.extent(1)}, {0, x.stride(0), x.stride(1)}};
    }

    strided_view<const T, 3> logits_;
    integer_view ids_;
    token_logits_options options_;
};

template <class Logits, class Ids>
token_logits(Logits&&, Ids&&) -> token_logits<scalar_t<Logits>>;
template <class Logits, class Ids>
token_logits(Logits&&, Ids&&, const token_logits_options&) -> token_logits<scalar_t<Logits>>;

}  // namespace reft::inline REFT_ABI
