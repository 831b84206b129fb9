#include <reft/policy/generation.hpp>

#include <reft/core/std_tensors.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace reft;

namespace {

/// Vocabulary 8; the logits are a hash of all ids of the row. Checks that it is called as the concept says.
struct toy_decoder {
    std::int64_t rows = 3, length = 40;
    std::vector<std::vector<token_id>> held = std::vector<std::vector<token_id>>(static_cast<std::size_t>(rows));
    std::vector<std::vector<double>> scores = std::vector<std::vector<double>>(static_cast<std::size_t>(rows));
    std::vector<std::size_t> decoded_rows = {};  // of each call of decode
    std::size_t prefills = 0;

    std::int64_t capacity() const { return rows; }
    std::int64_t max_length() const { return length; }

    static std::vector<double> logits_after(const std::vector<token_id>& ids) {
        std::uint32_t row = 7;
        for (const token_id id : ids) row = row * 31 + static_cast<std::uint32_t>(id) + 1;
        std::vector<double> logits(8);
        for (std::uint32_t j = 0; j < 8; ++j) logits[j] = 4.0 * uniform(1, {random_purpose::user, 0, row, j});
        return logits;
    }
    std::vector<token_id>& at(std::int64_t row) { return held.at(static_cast<std::size_t>(row)); }

    void prefill(std::int64_t row, std::span<const token_id> ids) {
        if (!at(row).empty()) throw std::logic_error("prefill of a held row");
        at(row).assign(ids.begin(), ids.end());
        scores[static_cast<std::size_t>(row)] = logits_after(at(row));
        ++prefills;
    }
    void decode(std::span<const std::int64_t> which, std::span<const token_id> ids) {
        if (which.empty() || which.size() != ids.size()) throw std::logic_error("decode of no row");
        decoded_rows.push_back(which.size());
        for (std::size_t i = 0; i < which.size(); ++i) {
            if (at(which[i]).empty()) throw std::logic_error("decode of a free row");
            at(which[i]).push_back(ids[i]);
            if (static_cast<std::int64_t>(at(which[i]).size()) > length) throw std::logic_error("row too long");
            scores[static_cast<std::size_t>(which[i])] = logits_after(at(which[i]));
        }
    }
    strided_view<const double, 1> logits(std::int64_t row) const {
        return tensor_at(scores.at(static_cast<std::size_t>(row)).data(), 8);
    }
    void drop(std::int64_t row) {
        if (at(row).empty()) throw std::logic_error("drop of a free row");
        at(row).clear();
    }
};
static_assert(kv_decoder<toy_decoder>);
static_assert(!kv_decoder<int>);

generation_request limited(std::int64_t max_new_tokens, std::vector<token_id> stop = {}, std::uint64_t seed = 0) {
    generation_request request;
    request.max_new_tokens = max_new_tokens;
    request.stop = std::move(stop);
    request.seed = seed;
    return request;
}

std::vector<generation_prompt> some_prompts(std::size_t n) {
    std::vector<generation_prompt> prompts;
    for (std::size_t i = 0; i < n; ++i)
        prompts.push_back({{static_cast<token_id>(i % 8), static_cast<token_id>(i / 8 % 8)},
                           static_cast<std::uint32_t>(100 + i),
                           static_cast<std::int64_t>(i / 2)});
    return prompts;
}

std::vector<trajectory> generated(std::int64_t rows, const std::vector<generation_prompt>& prompts,
                                  const generation_request& request) {
    toy_decoder decoder{.rows = rows};
    auto result = generate(decoder, prompts, request);
    for (const auto& row : decoder.held) REQUIRE(row.empty());  // every row was given back
    return result;
}

}  // namespace

TEST_CASE("greedy generation follows the largest logit and stops with the stop token") {
    const auto prompts = some_prompts(6);
    generation_request request = limited(20, {3});
    request.sampling.greedy = true;
    const auto result = generated(3, prompts, request);
    REQUIRE(result.size() == 6);
    for (std::size_t i = 0; i < result.size(); ++i) {
        const trajectory& t = result[i];
        CHECK(t.prompt == prompts[i].ids);
        CHECK(t.group == prompts[i].group);
        CHECK(t.temperature == 1.0);
        CHECK(t.log_probs.size() == t.response.size());
        std::vector<token_id> ids = t.prompt;
        for (std::size_t k = 0; k < t.response.size(); ++k) {
            const auto logits = toy_decoder::logits_after(ids);
            for (const double logit : logits) CHECK(logit <= logits[static_cast<std::size_t>(t.response[k])]);
            const bool last = k + 1 == t.response.size();
            CHECK((t.response[k] == 3) == (last && t.finish == finish_reason::stop));
            ids.push_back(t.response[k]);
        }
        if (t.truncated()) CHECK(t.response.size() == 20);
    }
}

TEST_CASE("each token is drawn with the random number of its place, and its three log-probs are kept") {
    const auto prompts = some_prompts(5);
    generation_request request = limited(12, {3}, 9);
    request.sampling = {.temperature = 0.7, .top_k = 5, .top_p = 0.9};
    request.step = 4;
    sampling_scratch scratch;
    const auto result = generated(2, prompts, request);
    for (std::size_t i = 0; i < result.size(); ++i) {
        CHECK(result[i].temperature == 0.7);
        std::vector<token_id> ids = prompts[i].ids;
        for (std::size_t k = 0; k < result[i].response.size(); ++k) {
            const auto logits = toy_decoder::logits_after(ids);
            const double u = uniform(9, {random_purpose::sampling, 4, prompts[i].row, static_cast<std::uint32_t>(k)});
            const sampled_token expected = sample_token(view(logits), request.sampling, u, scratch);
            CHECK(result[i].response[k] == expected.id);
            CHECK(result[i].log_probs[k].raw == expected.log_probs.raw);
            CHECK(result[i].log_probs[k].at_temperature == expected.log_probs.at_temperature);
            CHECK(result[i].log_probs[k].as_sampled == expected.log_probs.as_sampled);
            ids.push_back(expected.id);
        }
    }
}

TEST_CASE("a response does not depend on the prompts beside it or on the rows of the decoder") {
    const auto prompts = some_prompts(23);
    const generation_request request = limited(15, {3, 5}, 2);
    const auto all = generated(23, prompts, request);
    for (const std::int64_t rows : {1, 2, 7, 40}) {
        const auto result = generated(rows, prompts, request);
        for (std::size_t i = 0; i < all.size(); ++i) {
            CHECK(result[i].response == all[i].response);
            CHECK(result[i].finish == all[i].finish);
        }
    }
    for (std::size_t i = 0; i < all.size(); ++i)
        CHECK(generated(3, {prompts[i]}, request)[0].response == all[i].response);
    auto moved = prompts;
    moved[0].row = 999;
    CHECK(generated(23, moved, request)[0].response != all[0].response);
}

TEST_CASE("rows that end are dropped and make room") {
    toy_decoder decoder{.rows = 4};
    const auto result = generate(decoder, some_prompts(9), limited(10, {0, 1, 2, 3}, 5));
    CHECK(decoder.prefills == 9);
    std::size_t decoded = 0, sampled = 0;
    for (const std::size_t rows : decoder.decoded_rows) decoded += rows;
    for (const trajectory& t : result) sampled += t.response.size();
    CHECK(decoded == sampled - 9);  // the last token of a response is never decoded
}

TEST_CASE("limits: of new tokens, of positions, and of nothing at all") {
    const std::vector<generation_prompt> prompts{{{1, 2, 3, 4}, 0, 0}, {{1}, 1, 0}, {{1, 2, 3, 4, 5, 6}, 2, 0}};
    toy_decoder decoder{.rows = 2, .length = 6};
    const auto result = generate(decoder, prompts, limited(4));
    CHECK(result[0].response.size() == 2);  // 4 + 2 positions
    CHECK(result[1].response.size() == 4);
    CHECK(result[2].response.empty());
    for (const trajectory& t : result) CHECK(t.finish == finish_reason::length);

    const auto none = generate(decoder, prompts, limited(0));
    for (const trajectory& t : none) CHECK((t.response.empty() && t.truncated()));
    CHECK(generate(decoder, std::vector<generation_prompt>{}, {}).empty());

    // A stop token that is also the last one allowed is a stop.
    const auto one = generate(decoder, prompts, limited(1, {0, 1, 2, 3, 4, 5, 6, 7}));
    CHECK(one[0].finish == finish_reason::stop);
}

TEST_CASE("generation errors") {
    toy_decoder decoder{.rows = 2, .length = 4};
    const auto attempt = [&](std::vector<token_id> ids, const generation_request& request) {
        return generate(decoder, std::vector<generation_prompt>{{std::move(ids), 17, 0}}, request);
    };
    CHECK_THROWS_AS(attempt({}, {}), value_error);
    CHECK_THROWS_WITH(attempt({1, 2, 3, 4, 5}, {}), "generate: the prompt of row 17 has 5 tokens but max_length is 4");
    CHECK_THROWS_AS(attempt({1}, limited(-1)), option_error);
    generation_request request;
    request.sampling.temperature = 0.0;
    CHECK_THROWS_AS(attempt({1}, request), option_error);
    request.sampling = {.top_p = 1.5};
    CHECK_THROWS_AS(attempt({1}, request), option_error);
    toy_decoder empty{.rows = 0};
    CHECK_THROWS_AS(generate(empty, some_prompts(1), {}), option_error);
}
