// Contexts of a few tokens as numbers: the rows of a tabular policy.
#pragma once

#include <reft/core/error.hpp>
#include <reft/policy/token_batch.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace reft::inline REFT_ABI {

/// The size of the table.
struct tabular_options {
    std::int64_t vocabulary = 2;  ///< >= 1
    std::int64_t order = 1;       ///< tokens that a context has: 1 is a bigram model; >= 1
    bool value_head = true;       ///< has a value per context
};

/// Throws option_error, naming the option, if one is outside its range.
inline void require_valid(const tabular_options& options) {
    detail::require_option(options.vocabulary > 0, "tabular_options", "vocabulary must be positive",
                           static_cast<double>(options.vocabulary));
    detail::require_option(options.order > 0, "tabular_options", "order must be positive",
                           static_cast<double>(options.order));
    const double logits = std::pow(static_cast<double>(options.vocabulary) + 1, static_cast<double>(options.order)) *
                          static_cast<double>(options.vocabulary);
    detail::require_option(logits <= 0x1p28, "tabular_options", "the table may have at most 2^28 logits", logits);
}

/// The numbers of the contexts: context 0 is the start of a row, `after(c, id)` the context that follows c.
///
///   c = Σ_k (id_k + 1)·(vocabulary + 1)^k     over the last `order` ids, k = 0 the last; missing ones count 0
class tabular_contexts {
  public:
    /// Errors    option_error if an option is out of range or the table too large.
    explicit tabular_contexts(const tabular_options& options) {
        require_valid(options);
        base_ = options.vocabulary + 1;
        for (std::int64_t k = 0; k < options.order; ++k) count_ *= base_;
    }

    /// (vocabulary + 1)^order.
    std::int64_t count() const { return count_; }
    /// The context when token `id` follows a context. The id is not checked.
    std::int64_t after(std::int64_t context, token_id id) const { return (context * base_ + id + 1) % count_; }

    /// The context behind `ids`.
    /// Errors    value_error if an id is outside the vocabulary.
    std::int64_t after(std::span<const token_id> ids) const {
        std::int64_t context = 0;
        for (std::size_t t = 0; t < ids.size(); ++t) {
            if (ids[t] < 0 || ids[t] >= base_ - 1)
                throw value_error("tabular_policy: id " + std::to_string(ids[t]) + " at position " + std::to_string(t) +
                                  " of a row is not in the vocabulary of " + std::to_string(base_ - 1));
            context = after(context, ids[t]);
        }
        return context;
    }

  private:
    std::int64_t base_ = 1, count_ = 1;
};

}  // namespace reft::inline REFT_ABI
