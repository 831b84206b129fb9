// The generation loop: prompts in, trajectories out, for any model that keeps the keys and values of its rows.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/random.hpp>
#include <reft/core/tensor_traits.hpp>
#include <reft/policy/generation_request.hpp>
#include <reft/policy/sampling.hpp>
#include <reft/policy/trajectory.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace reft::inline REFT_ABI {

/// A model with a KV cache of a few rows, all free when generation begins. An exception may leave rows held.
///
///     capacity() → rows that it holds at once            max_length() → positions that a row may have
///     prefill(row, ids)     row, a free one, now holds the prompt `ids`
///     decode(rows, ids)     ids[i] is appended to rows[i]; rows are held and differ
///     logits(row) → [vocabulary]   of the next token of a held row, at temperature 1; read before the next decode
///     drop(row)             row is free again
template <class D>
concept kv_decoder = requires(D& decoder, const D& c, std::int64_t row, std::span<const std::int64_t> rows,
                              std::span<const token_id> ids) {
    { c.capacity() } -> std::convertible_to<std::int64_t>;
    { c.max_length() } -> std::convertible_to<std::int64_t>;
    decoder.prefill(row, ids);
    decoder.decode(rows, ids);
    { decoder.logits(row) } -> tensor_of_rank<1>;
    decoder.drop(row);
};

namespace detail {

/// Tokens that a response may have, so that prompt and response together fit into max_length positions.
inline std::int64_t response_limit(const generation_prompt& p, std::int64_t max_new_tokens, std::int64_t max_length) {
    const auto length = static_cast<std::int64_t>(p.ids.size());
    const std::string row = "generate: the prompt of row " + std::to_string(p.row);
    if (length == 0) throw value_error(row + " is empty; start it with a begin-of-sequence token");
    if (length > max_length)
        throw value_error(row + " has " + std::to_string(length) + " tokens but max_length is " +
                          std::to_string(max_length));
    return std::min(max_new_tokens, max_length - length);
}

/// The rows of a decoder that are being continued, in step: entry i of each array is about the same response.
struct active_rows {
    std::vector<std::int64_t> rows;      // of the decoder
    std::vector<token_id> last;          // what was sampled last
    std::vector<std::size_t> responses;  // index of prompt and trajectory
    std::vector<std::int64_t> free;      // rows of the decoder without a response

    explicit active_rows(std::int64_t capacity) {
        for (std::int64_t row = capacity; row-- > 0;) free.push_back(row);
    }
    void add(std::int64_t row, token_id id, std::size_t response) {
        rows.push_back(row);
        last.push_back(id);
        responses.push_back(response);
    }
    void keep(std::size_t from, std::size_t to, token_id id) {
        rows[to] = rows[from];
        responses[to] = responses[from];
        last[to] = id;
    }
    void resize(std::size_t n) {
        rows.resize(n);
        last.resize(n);
        responses.resize(n);
    }
};

/// Appends one sampled token; returns whether the response has ended.
template <class Logits>
bool append_sample(trajectory& t, const Logits& logits, const generation_prompt& p, const generation_request& request,
                   std::int64_t limit, sampling_scratch& scratch) {
    const random_place place{random_purpose::sampling, request.step, p.row,
                             static_cast<std::uint32_t>(t.response.size())};
    const sampled_token sampled = sample_token(logits, request.sampling, uniform(request.seed, place), scratch);
    t.response.push_back(sampled.id);
    t.log_probs.push_back(sampled.log_probs);
    const bool stopped = std::find(request.stop.begin(), request.stop.end(), sampled.id) != request.stop.end();
    t.finish = stopped ? finish_reason::stop : finish_reason::length;
    return stopped || static_cast<std::int64_t>(t.response.size()) >= limit;
}

}  // namespace detail

/// Samples a response to every prompt; trajectory i answers prompts[i].
///
/// A response ends with a stop token, after max_new_tokens, or where prompt and response have max_length positions;
/// without room for a single token it is empty and `truncated`. A row that ends makes room for the next prompt, so
/// the decoder may hold fewer rows than there are prompts. Token t of a response is drawn with the random number of
/// (seed, sampling, step, prompt.row, t): if a row's logits do not depend on the rows beside it, neither does its
/// response. Greedy trajectories have temperature 1, at which their log-probs are.
///
/// Errors    option_error if a sampling option or max_new_tokens is out of range; value_error if a prompt is empty
///           or longer than max_length, or a logit is NaN or +∞.
template <kv_decoder D>
std::vector<trajectory> generate(D& decoder, std::span<const generation_prompt> prompts,
                                 const generation_request& request) {
    require_valid(request.sampling);
    detail::require_option(request.max_new_tokens >= 0, "generate", "max_new_tokens must not be negative",
                           static_cast<double>(request.max_new_tokens));
    detail::require_option(decoder.capacity() > 0, "generate", "the decoder must hold at least one row",
                           static_cast<double>(decoder.capacity()));
    std::vector<trajectory> result(prompts.size());
    std::vector<std::int64_t> limits(prompts.size());
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        limits[i] = detail::response_limit(prompts[i], request.max_new_tokens, decoder.max_length());
        result[i].prompt = prompts[i].ids;
        result[i].group = prompts[i].group;
        result[i].temperature = request.sampling.greedy ? 1.0 : request.sampling.temperature;
        result[i].finish = finish_reason::length;
    }

    detail::active_rows active(decoder.capacity());
    sampling_scratch scratch;
    const auto sampled_end = [&](std::size_t i, std::int64_t row) {
        const auto& logits = decoder.logits(row);
        return detail::append_sample(result[i], view(logits), prompts[i], request, limits[i], scratch);
    };
    std::size_t next = 0;
    for (;;) {
        for (; next < prompts.size() && !active.free.empty(); ++next) {
            if (limits[next] == 0) continue;
            const std::int64_t row = active.free.back();
            decoder.prefill(row, std::span<const token_id>(prompts[next].ids));
            if (sampled_end(next, row)) {
                decoder.drop(row);
                continue;
            }
            active.free.pop_back();
            active.add(row, result[next].response.back(), next);
        }
        if (active.rows.empty()) return result;

        decoder.decode(std::span<const std::int64_t>(active.rows), std::span<const token_id>(active.last));
        std::size_t kept = 0;
        for (std::size_t i = 0; i < active.rows.size(); ++i) {
            const std::int64_t row = active.rows[i];
            const std::size_t response = active.responses[i];
            if (sampled_end(response, row)) {
                decoder.drop(row);
                active.free.push_back(row);
            } else {
                active.keep(i, kept++, result[response].response.back());
            }
        }
        active.resize(kept);
    }
}

}  // namespace reft::inline REFT_ABI
