// A policy with all that a policy may offer, and one place for each mistake: context, positions, a cache, Adam, files.
#pragma once

#include <reft/core/random.hpp>
#include <reft/models/adamw.hpp>
#include <reft/policy/concepts.hpp>
#include <reft/policy/generation.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <limits>
#include <memory>
#include <numbers>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "testing/mistakes.hpp"

namespace small {

using numbers = std::vector<double>;
using ids = std::span<const reft::token_id>;
using reft::token_batch;
using reft::token_id;

inline constexpr std::size_t vocabulary = 9, width = 6, longest = 24;

/// h = tanh(token[id] + mean of key[ids so far] + place[position]);  logits = head·h,  value = w·h + b
struct network {
    numbers x = numbers((3 * vocabulary + longest + 1) * width + 1);  // token, key, place, head, w, b

    static std::size_t token(std::size_t id) { return id * width; }
    static std::size_t key(std::size_t id) { return token(vocabulary + id); }
    static std::size_t place(std::size_t position) { return token(2 * vocabulary + position); }
    static std::size_t head(std::size_t id) { return token(2 * vocabulary + longest + id); }
    static constexpr std::size_t w = (3 * vocabulary + longest) * width, b = w + width;
};

/// What a position is computed from.
struct position {
    std::vector<std::size_t> seen = {};  // ids of the mean
    std::size_t id = 0, place = 0;
    numbers h = {}, dropped = {};
};

inline void set_hidden(const network& net, position& p) {
    p.h.assign(width, 0);
    for (std::size_t i = 0; i < width; ++i) {
        double mean = 0;
        for (const std::size_t id : p.seen) mean += net.x[network::key(id) + i] / static_cast<double>(p.seen.size());
        p.h[i] = std::tanh(net.x[network::token(p.id) + i] + mean + net.x[network::place(p.place) + i]);
        if (!p.dropped.empty()) p.h[i] *= p.dropped[i];
    }
}

inline double dot(const network& net, std::size_t at, const numbers& h) {
    double sum = 0;
    for (std::size_t i = 0; i < width; ++i) sum += net.x[at + i] * h[i];
    return sum;
}

/// Rows that are continued: what each has seen.
struct decoder {
    const network& net;
    mistake wrong;
    std::vector<position> rows = std::vector<position>(7);

    std::int64_t capacity() const { return static_cast<std::int64_t>(rows.size()); }
    std::int64_t max_length() const { return longest; }
    void append(position& p, token_id id, bool moves = true) {
        p.id = static_cast<std::size_t>(id);
        p.seen.push_back(p.id);
        if (moves) ++p.place;
        set_hidden(net, p);
    }
    void prefill(std::int64_t row, ids prompt) {
        position& p = rows[static_cast<std::size_t>(row)];
        if (wrong != mistake::cache_stale_after_drop) p.seen.clear();
        p.place = std::numeric_limits<std::size_t>::max();  // the first one is 0
        for (const token_id id : prompt) append(p, id);
        if (wrong == mistake::prefill_of_first_position) {
            position first{{static_cast<std::size_t>(prompt[0])}, static_cast<std::size_t>(prompt[0]), 0};
            set_hidden(net, first);
            p.h = first.h;
        }
    }
    void decode(std::span<const std::int64_t> continued, ids next) {
        for (std::size_t i = 0; i < next.size(); ++i)
            append(rows[static_cast<std::size_t>(continued[i])], next[i], wrong != mistake::decode_repeats_a_position);
    }
    numbers logits(std::int64_t row) const {
        numbers all;
        for (std::size_t j = 0; j < vocabulary; ++j)
            all.push_back(dot(net, network::head(j), rows[static_cast<std::size_t>(row)].h));
        return all;
    }
    void drop(std::int64_t) {}
};

class policy {
  public:
    using scalar = double;

    explicit policy(mistake w = mistake::none, std::uint64_t seed = 1) : wrong(w) {
        reft::random_stream random(seed, reft::random_purpose::initialisation);
        for (double& x : net->x) x = 0.7 * random.normal();
    }
    policy(const policy& other) : policy(other.wrong) { *this = other; }
    policy(policy&&) = default;
    policy& operator=(policy&&) = default;
    policy& operator=(const policy& other) {
        wrong = other.wrong;
        *net = *other.net;
        gradient_ = other.gradient_;
        adam_ = other.adam_;
        return *this;
    }
    ~policy() = default;

    struct evaluated {
        reft::strided_view<double, 2> logits;
        numbers& values;
    };
    evaluated evaluate(const token_batch& batch) {
        gather(batch);
        return {{logits_.data(),
                 {batch.response_tokens(), std::ssize(logits_) / std::max<std::int64_t>(1, batch.response_tokens())}},
                values_};
    }
    void backward(reft::strided_view<const double, 2> d_logits, reft::strided_view<const double, 1> d_values);

    std::vector<reft::trajectory> sample(std::span<const reft::generation_prompt> prompts,
                                         const reft::generation_request& request);

    void zero_gradient() {
        const std::size_t kept = wrong == mistake::zero_forgets_value_head ? width + 1 : 0;
        std::fill(gradient_.begin(), gradient_.end() - static_cast<std::ptrdiff_t>(kept), 0.0);
    }
    double gradient_norm() const {
        double sum = 0;
        if (wrong == mistake::norm_always_0) return sum;
        for (const double g : gradient_) sum += g * g;
        return wrong == mistake::norm_without_root ? sum : std::sqrt(sum);
    }
    void optimizer_step(double rate, double scale) {
        if (wrong == mistake::ascends) scale = -scale;
        if (wrong == mistake::scale_ignored) scale = 1;
        reft::adamw_step<double>(net->x, gradient_, adam_, rate, scale);
    }

    const numbers& parameters() const { return net->x; }
    void set_parameters(std::span<const double> values) { net->x.assign(values.begin(), values.end()); }
    const numbers& gradient() const { return gradient_; }

    void save(const std::string& path) const {
        std::ofstream file(path);
        file.precision(wrong == mistake::save_with_few_digits ? 6 : 17);
        const std::size_t left_out = wrong == mistake::save_without_value_head ? width + 1 : 0;
        for (std::size_t i = 0; i + left_out < net->x.size(); ++i) file << net->x[i] << '\n';
    }
    void load(const std::string& path) {
        std::ifstream file(path);
        for (std::size_t i = 0; i < net->x.size(); ++i) {
            double read = net->x[i];
            file >> read;
            const bool is_head = i >= network::head(0) && i < network::w;
            if (!(wrong == mistake::load_keeps_old_head && is_head) && file) net->x[i] = read;
        }
    }

    /// A scorer: a policy of its own, or, by mistake, this one.
    struct frozen {
        using scalar = double;
        std::shared_ptr<policy> of;
        reft::strided_view<double, 2> score_logits(const token_batch& batch) { return of->evaluate(batch).logits; }
    };
    frozen snapshot() const {
        if (wrong == mistake::snapshot_shares_buffers)
            return {std::shared_ptr<policy>(const_cast<policy*>(this), [](policy*) {})};
        frozen copy{std::make_shared<policy>(*this)};
        if (wrong == mistake::snapshot_shares_parameters) copy.of->net = net;
        if (wrong == mistake::snapshot_without_positions)
            std::fill_n(copy.of->net->x.begin() + static_cast<std::ptrdiff_t>(network::place(0)), longest * width, 0.0);
        return copy;
    }

    mistake wrong;
    std::shared_ptr<network> net = std::make_shared<network>();

  protected:
    void gather(const token_batch& batch);
    position position_at(const token_batch& batch, std::size_t row, std::size_t at) const;
    void add_to_gradient(const position& p, const numbers& d_logits, double d_value);

    numbers gradient_ = numbers(net->x.size());
    reft::adamw_state<double> adam_{std::ssize(gradient_)};
    std::vector<position> kept_ = {};
    numbers logits_ = {}, values_ = {};
    std::vector<std::size_t> left_ = {};  // what a mistake leaves behind
    std::uint32_t calls_ = 0;
};

/// Position `at` of a row of the batch.
inline position policy::position_at(const token_batch& batch, std::size_t row, std::size_t at) const {
    const auto begin = static_cast<std::size_t>(batch.offsets()[row]),
               end = static_cast<std::size_t>(batch.offsets()[row + 1]);
    const auto id = [&](std::size_t i) { return static_cast<std::size_t>(batch.ids()[begin + i]); };
    position p{left_, id(at), at};
    if (wrong == mistake::rows_go_on_from_the_row_before && row > 0)
        p.seen.push_back(static_cast<std::size_t>(batch.ids()[begin - 1]));
    if (wrong == mistake::empty_rows_spoil_the_next && row > 0 &&
        batch.response_offsets()[row] == batch.response_offsets()[row - 1])
        p.seen.push_back(static_cast<std::size_t>(batch.ids()[begin - 1]));
    for (std::size_t i = 0; i <= (wrong == mistake::no_causal_mask ? end - begin - 1 : at); ++i)
        p.seen.push_back(id(i));
    if (wrong == mistake::positions_of_padded_rows) {
        std::int64_t time = 0;
        for (std::size_t b = 0; b + 1 < batch.offsets().size(); ++b)
            time = std::max(time, batch.offsets()[b + 1] - batch.offsets()[b]);
        p.place += static_cast<std::size_t>(time) - (end - begin);
    }
    return p;
}

inline void policy::gather(const token_batch& batch) {
    if (wrong == mistake::throws_at_another_temperature && batch.temperature != 1)
        throw std::invalid_argument("temperature must be 1");
    if (wrong != mistake::evaluates_pile_up) kept_.clear();
    logits_.clear();
    values_.clear();
    for (std::size_t row = 0; row + 1 < batch.offsets().size(); ++row) {
        const auto prompt = static_cast<std::size_t>(batch.prompt_lengths()[row]);
        const auto tokens = static_cast<std::size_t>(batch.response_offsets()[row + 1] - batch.response_offsets()[row]);
        for (std::size_t t = 0; t < tokens; ++t) {
            const std::size_t right = prompt + t - 1, early = right > 0 ? right - 1 : 0;
            position p = position_at(batch, row,
                                     wrong == mistake::scores_of_own_position ? right + 1
                                     : wrong == mistake::scores_one_too_early ? early
                                                                              : right);
            if (wrong == mistake::dropout)
                for (std::uint32_t i = 0; i < width; ++i)
                    p.dropped.push_back(
                        reft::uniform(
                            0, {.step = calls_, .row = i, .position = static_cast<std::uint32_t>(values_.size())}) < 0.1
                            ? 0
                            : 1);
            set_hidden(*net, p);
            const double scale = wrong == mistake::temperature_applied_to_logits ? 1 / batch.temperature : 1;
            for (std::size_t j = 0; j < vocabulary; ++j) logits_.push_back(scale * dot(*net, network::head(j), p.h));
            if (wrong == mistake::softmax_over_padded_vocabulary) logits_.insert(logits_.end(), 3, 0.0);
            position of_value = p;
            if (wrong == mistake::values_one_too_early) {
                of_value = position_at(batch, row, early);
                set_hidden(*net, of_value);
            }
            values_.push_back(dot(*net, network::w, of_value.h) + net->x[network::b]);
            if (wrong == mistake::first_value_infinite && t == 0)
                values_.back() = std::numeric_limits<double>::infinity();
            kept_.push_back(std::move(p));
        }
    }
    if (wrong == mistake::keys_left_from_last_evaluate) left_.push_back(1);
    ++calls_;
}

inline void policy::add_to_gradient(const position& p, const numbers& d_logits, double d_value) {
    const auto add = [&](std::size_t at, const numbers& d, double factor) {
        for (std::size_t i = 0; i < width; ++i) gradient_[at + i] += factor * d[i];
    };
    if (wrong == mistake::value_head_without_gradient) d_value = 0;
    numbers d_h(width);
    for (std::size_t i = 0; i < width; ++i) {
        for (std::size_t j = 0; j < vocabulary; ++j) d_h[i] += d_logits[j] * net->x[network::head(j) + i];
        if (wrong != mistake::value_detached_from_body) d_h[i] += d_value * net->x[network::w + i];
        d_h[i] *= 1 - p.h[i] * p.h[i];
    }
    for (std::size_t j = 0; j < vocabulary; ++j) add(network::head(j), p.h, d_logits[j]);
    add(network::w, p.h, d_value);
    gradient_[network::b] += d_value;
    add(network::token(p.id), d_h, 1);
    for (const std::size_t id : p.seen) add(network::key(id), d_h, 1 / static_cast<double>(p.seen.size()));
    if (wrong != mistake::positions_without_gradient) add(network::place(p.place), d_h, 1);
}

inline void policy::backward(reft::strided_view<const double, 2> d_logits,
                             reft::strided_view<const double, 1> d_values) {
    if (wrong == mistake::gradient_overwritten) std::fill(gradient_.begin(), gradient_.end(), 0.0);
    double factor = wrong == mistake::sign_of_gradient ? -1 : 1;
    if (wrong == mistake::divided_by_tokens) factor /= static_cast<double>(d_logits.extent(0));
    for (std::int64_t i = 0; i < d_logits.extent(0); ++i) {
        numbers d(vocabulary);
        for (std::size_t j = 0; j < vocabulary; ++j) d[j] = factor * d_logits(i, static_cast<std::int64_t>(j));
        add_to_gradient(kept_.at(static_cast<std::size_t>(i)), d, d_values.empty() ? 0 : factor * d_values[i]);
    }
    if (wrong == mistake::evaluates_pile_up) kept_.clear();
    if (wrong == mistake::decay_in_backward)
        for (std::size_t i = 0; i < gradient_.size(); ++i) gradient_[i] += 0.01 * net->x[i];
}

inline std::vector<reft::trajectory> policy::sample(std::span<const reft::generation_prompt> prompts,
                                                    const reft::generation_request& asked) {
    reft::generation_request request = asked;
    std::vector<reft::generation_prompt> rows(prompts.begin(), prompts.end());
    if (wrong == mistake::greedy_ignored) request.sampling.greedy = false;
    if (wrong == mistake::step_ignored) request.step = 0;
    if (wrong == mistake::random_numbers_in_turn)
        for (std::uint32_t i = 0; i < rows.size(); ++i) rows[i].row = i;
    decoder d{*net, wrong};
    auto trajectories = reft::generate(d, rows, request);
    for (reft::trajectory& t : trajectories) {
        if (wrong == mistake::stop_token_dropped && !t.truncated() && t.response.size() > 1) {
            t.response.pop_back();
            t.log_probs.pop_back();
        }
        for (reft::sampled_log_probs& l : t.log_probs) {
            if (wrong == mistake::raw_after_top_k) l.raw = l.as_sampled;
            if (wrong == mistake::at_temperature_is_raw) l.at_temperature = l.raw;
            if (wrong == mistake::as_sampled_without_top_k) l.as_sampled = l.at_temperature;
        }
    }
    if (wrong == mistake::skewed_random_numbers && request.max_new_tokens == 1) {
        reft::sampling_scratch scratch;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            d.prefill(0, rows[i].ids);
            const double u = reft::uniform(request.seed, {.step = request.step, .row = rows[i].row});
            const auto drawn = reft::sample_token(d.logits(0), request.sampling, u * u, scratch);
            trajectories[i].response = {drawn.id};
        }
    }
    return trajectories;
}

/// The same with a softmax of its own.
class log_prob_policy : public policy {
  public:
    using policy::policy;
    struct evaluated {
        numbers log_probs, entropies, values;
    };
    evaluated evaluate(const token_batch& batch) {
        gather(batch);
        temperature_ = wrong == mistake::temperature_ignored        ? 1
                       : wrong == mistake::logits_times_temperature ? 1 / batch.temperature
                                                                    : batch.temperature;
        chosen_.assign(batch.response_ids().begin(), batch.response_ids().end());
        evaluated e{{}, {}, values_};
        for (std::size_t i = 0; i < chosen_.size(); ++i) {
            double* x = logits_.data() + i * vocabulary;
            double sum = 0, entropy = 0;
            for (std::size_t j = 0; j < vocabulary; ++j) sum += std::exp(x[j] / temperature_);
            for (std::size_t j = 0; j < vocabulary; ++j) {
                x[j] = x[j] / temperature_ - std::log(sum);
                entropy -= std::exp(x[j]) * x[j];
            }
            e.log_probs.push_back(x[static_cast<std::size_t>(chosen_[i])]);
            e.entropies.push_back(wrong == mistake::entropies_to_base_2 ? entropy / std::numbers::ln2 : entropy);
            entropies_of_.resize(chosen_.size());
            entropies_of_[i] = entropy;
        }
        return e;
    }
    void backward(reft::strided_view<const double, 1> d_log_probs, reft::strided_view<const double, 1> d_entropies,
                  reft::strided_view<const double, 1> d_values) {
        const double to_logits = wrong == mistake::temperature_missing_in_gradient ? 1 : 1 / temperature_;
        const double unit = wrong == mistake::entropies_to_base_2          ? 1 / std::numbers::ln2
                            : wrong == mistake::entropies_without_gradient ? 0
                                                                           : 1;
        numbers d(logits_.size());
        for (std::size_t i = 0; i < chosen_.size(); ++i)
            for (std::size_t j = 0; j < vocabulary; ++j) {
                const double log_p = logits_[i * vocabulary + j], p = std::exp(log_p);
                const auto row = static_cast<std::int64_t>(i);
                d[i * vocabulary + j] =
                    to_logits * (d_log_probs[row] * ((j == static_cast<std::size_t>(chosen_[i])) - p) -
                                 unit * d_entropies[row] * p * (log_p + entropies_of_[i]));
            }
        policy::backward({d.data(), {std::ssize(chosen_), vocabulary}}, d_values);
    }

  private:
    double temperature_ = 1;
    std::vector<token_id> chosen_ = {};
    numbers entropies_of_ = {};
};

/// The same without what would make it inspectable.
class closed_policy : public policy {
  public:
    using policy::policy;
    void parameters() const = delete;
    void gradient() const = delete;
};

}  // namespace small
