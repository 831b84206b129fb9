// Foreign policies of the three kinds: a bigram model on a tensor type that reft does not know.
#pragma once

#include <reft/policy/concepts.hpp>
#include <reft/policy/generation.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace toy {

/// A matrix class of somebody else's. The glue to reft is the specialisation of tensor_traits below.
struct matrix {
    std::int64_t rows = 0, columns = 0;
    std::vector<double> cells;
    matrix() = default;
    matrix(std::int64_t r, std::int64_t c) : rows(r), columns(c), cells(static_cast<std::size_t>(r * c)) {}
    double& at(std::int64_t i, std::int64_t j) { return cells[static_cast<std::size_t>(i * columns + j)]; }
    double at(std::int64_t i, std::int64_t j) const { return cells[static_cast<std::size_t>(i * columns + j)]; }
};

}  // namespace toy

// glue of a tensor: begin
template <>
struct reft::tensor_traits<toy::matrix> {
    static constexpr std::size_t rank = 2;
    template <class M>
    static auto view(M& m) {
        using T = std::remove_reference_t<decltype(*m.cells.data())>;
        return strided_view<T, 2>(m.cells.data(), {m.rows, m.columns});
    }
};
// glue of a tensor: end

namespace toy {

/// The parameters: logits of the next token given the last one, and a value of every last token.
struct bigram {
    matrix logits, d_logits;
    std::vector<double> values, d_values;
    explicit bigram(std::int64_t vocabulary)
        : logits(vocabulary, vocabulary),
          d_logits(vocabulary, vocabulary),
          values(static_cast<std::size_t>(vocabulary)),
          d_values(static_cast<std::size_t>(vocabulary)) {}
};

/// The model as it decodes: what it has in place of a KV cache is the last token of each row.
struct bigram_decoder {
    const matrix& table;
    std::vector<reft::token_id> last;
    std::int64_t capacity() const { return 4; }
    std::int64_t max_length() const { return 64; }
    void prefill(std::int64_t row, std::span<const reft::token_id> ids) {
        last.resize(4);
        last[static_cast<std::size_t>(row)] = ids.back();
    }
    void decode(std::span<const std::int64_t> rows, std::span<const reft::token_id> ids) {
        for (std::size_t i = 0; i < rows.size(); ++i) last[static_cast<std::size_t>(rows[i])] = ids[i];
    }
    reft::strided_view<const double, 1> logits(std::int64_t row) const {
        return reft::view(table)[last[static_cast<std::size_t>(row)]];
    }
    void drop(std::int64_t) {}
};

// glue of a policy: begin
/// What all three kinds share: sampling, scoring, optimising, snapshots.
class bigram_policy {
  public:
    using scalar = double;
    explicit bigram_policy(std::int64_t vocabulary) : m(vocabulary) {}

    std::vector<reft::trajectory> sample(std::span<const reft::generation_prompt> prompts,
                                         const reft::generation_request& request) {
        bigram_decoder d{m.logits, {}};
        return reft::generate(d, prompts, request);
    }
    const matrix& score_logits(const reft::token_batch& batch) {
        gather(batch);
        return logits_;
    }
    bigram_policy snapshot() const { return *this; }
    void zero_gradient() {
        m.d_logits = matrix(m.logits.rows, m.logits.columns);
        m.d_values.assign(m.values.size(), 0);
    }
    double gradient_norm() const {
        double sum = 0;
        for (const double g : m.d_logits.cells) sum += g * g;
        for (const double g : m.d_values) sum += g * g;
        return std::sqrt(sum);
    }
    void optimizer_step(double rate, double scale) {
        for (std::size_t i = 0; i < m.logits.cells.size(); ++i) m.logits.cells[i] -= rate * scale * m.d_logits.cells[i];
        for (std::size_t i = 0; i < m.values.size(); ++i) m.values[i] -= rate * scale * m.d_values[i];
    }

    bigram m;

  protected:
    /// Logits and values at the positions that predict response tokens.
    void gather(const reft::token_batch& batch) {
        contexts_.clear();
        for (const std::int64_t at : batch.predictors()) contexts_.push_back(batch.ids()[static_cast<std::size_t>(at)]);
        logits_ = matrix(batch.response_tokens(), m.logits.columns);
        values_.clear();
        for (std::size_t i = 0; i < contexts_.size(); ++i) {
            for (std::int64_t j = 0; j < m.logits.columns; ++j)
                logits_.at(static_cast<std::int64_t>(i), j) = m.logits.at(contexts_[i], j);
            values_.push_back(m.values[static_cast<std::size_t>(contexts_[i])]);
        }
    }
    void scatter(reft::strided_view<const double, 2> d_logits, reft::strided_view<const double, 1> d_values) {
        for (std::size_t i = 0; i < contexts_.size(); ++i) {
            const auto row = static_cast<std::int64_t>(i);
            for (std::int64_t j = 0; j < m.logits.columns; ++j) m.d_logits.at(contexts_[i], j) += d_logits(row, j);
            if (!d_values.empty()) m.d_values[static_cast<std::size_t>(contexts_[i])] += d_values[row];
        }
    }

    matrix logits_;
    std::vector<double> values_;
    std::vector<reft::token_id> contexts_;
};

struct logits_policy : bigram_policy {
    using bigram_policy::bigram_policy;
    struct evaluated {
        matrix& logits;
        std::vector<double>& values;
    };
    evaluated evaluate(const reft::token_batch& batch) {
        gather(batch);
        return {logits_, values_};
    }
    void backward(reft::strided_view<const double, 2> d_logits, reft::strided_view<const double, 1> d_values) {
        scatter(d_logits, d_values);
    }
};
// glue of a policy: end

/// The same model with a softmax of its own.
struct log_prob_policy : bigram_policy {
    using bigram_policy::bigram_policy;
    struct evaluated {
        std::vector<double> log_probs, entropies, values;
    };
    evaluated evaluate(const reft::token_batch& batch) {
        gather(batch);
        ids_.assign(batch.response_ids().begin(), batch.response_ids().end());
        temperature_ = batch.temperature;
        evaluated e{{}, {}, values_};
        for (std::int64_t i = 0; i < logits_.rows; ++i) {
            double sum = 0, entropy = 0;
            for (std::int64_t j = 0; j < logits_.columns; ++j) sum += std::exp(logits_.at(i, j) / temperature_);
            for (std::int64_t j = 0; j < logits_.columns; ++j) {
                logits_.at(i, j) = logits_.at(i, j) / temperature_ - std::log(sum);  // log-probs from here on
                entropy -= std::exp(logits_.at(i, j)) * logits_.at(i, j);
            }
            e.log_probs.push_back(logits_.at(i, ids_[static_cast<std::size_t>(i)]));
            e.entropies.push_back(entropy);
        }
        entropies_ = e.entropies;
        return e;
    }
    void backward(reft::strided_view<const double, 1> d_log_probs, reft::strided_view<const double, 1> d_entropies,
                  reft::strided_view<const double, 1> d_values) {
        matrix d(logits_.rows, logits_.columns);
        for (std::int64_t i = 0; i < d.rows; ++i)
            for (std::int64_t j = 0; j < d.columns; ++j) {
                const double log_p = logits_.at(i, j), p = std::exp(log_p);
                d.at(i, j) = (d_log_probs[i] * ((j == ids_[static_cast<std::size_t>(i)]) - p) -
                              d_entropies[i] * p * (log_p + entropies_[static_cast<std::size_t>(i)])) /
                             temperature_;
            }
        scatter(reft::view(d), d_values);
    }

  private:
    std::vector<reft::token_id> ids_;
    std::vector<double> entropies_;
    double temperature_ = 1;
};

/// The same model as a linear head on one-hot hidden states.
struct head_policy : bigram_policy {
    using bigram_policy::bigram_policy;
    struct evaluated {
        matrix &hidden, &head;
        std::vector<double>& values;
    };
    evaluated evaluate(const reft::token_batch& batch) {
        gather(batch);
        const std::int64_t vocabulary = m.logits.columns;
        hidden_ = matrix(batch.response_tokens(), vocabulary);
        for (std::size_t i = 0; i < contexts_.size(); ++i) hidden_.at(static_cast<std::int64_t>(i), contexts_[i]) = 1;
        head_ = matrix(vocabulary, vocabulary);  // logits of token j after c: head(j, c)
        for (std::int64_t c = 0; c < vocabulary; ++c)
            for (std::int64_t j = 0; j < vocabulary; ++j) head_.at(j, c) = m.logits.at(c, j);
        return {hidden_, head_, values_};
    }
    void backward(reft::strided_view<const double, 2>, reft::strided_view<const double, 2> d_head,
                  reft::strided_view<const double, 1> d_values) {
        for (std::int64_t c = 0; c < m.logits.columns; ++c)
            for (std::int64_t j = 0; j < m.logits.columns; ++j) m.d_logits.at(c, j) += d_head(j, c);
        for (std::size_t i = 0; i < contexts_.size(); ++i)
            if (!d_values.empty())
                m.d_values[static_cast<std::size_t>(contexts_[i])] += d_values[static_cast<std::int64_t>(i)];
    }

  private:
    matrix hidden_, head_;
};

}  // namespace toy
