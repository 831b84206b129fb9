// Equal bits: whatever stands beside a row, however many threads run, however a batch is split.

#include "models/transformer_case.hpp"
#include "support/catch.hpp"

#include <cmath>
#include <cstdint>

using namespace reft;
using namespace transformer_case;

namespace {

const transformer_options small{
    .vocabulary = 19, .width = 24, .layers = 2, .heads = 3, .kv_heads = 1, .hidden = 37, .max_length = 80};
const row_lengths many_rows{{3, 4}, {1, 1}, {5, 0}, {2, 7}, {30, 45}, {1, 0}, {9, 2}, {4, 40}, {50, 3}, {2, 2}, {1, 9}};

std::vector<generation_prompt> random_prompts(std::size_t n, std::int64_t vocabulary) {
    std::vector<generation_prompt> prompts;
    random_stream stream(8);
    for (std::size_t i = 0; i < n; ++i)
        prompts.push_back({random_ids(1 + static_cast<std::int64_t>(i * 7 % 23), vocabulary, stream),
                           static_cast<std::uint32_t>(i), 0});
    return prompts;
}

generation_request sampling_request(std::int64_t max_new_tokens) {
    generation_request request;
    request.sampling = {.temperature = 0.8, .top_k = 9, .top_p = 0.95};
    request.max_new_tokens = max_new_tokens;
    request.stop = {3};
    request.seed = 4;
    request.step = 6;
    return request;
}

bool same(const trajectory& a, const trajectory& b) {
    if (a.response != b.response || a.finish != b.finish || a.log_probs.size() != b.log_probs.size()) return false;
    for (std::size_t k = 0; k < a.log_probs.size(); ++k)
        if (a.log_probs[k].raw != b.log_probs[k].raw ||
            a.log_probs[k].at_temperature != b.log_probs[k].at_temperature ||
            a.log_probs[k].as_sampled != b.log_probs[k].as_sampled)
            return false;
    return true;
}

}  // namespace

TEMPLATE_TEST_CASE("a row's logits and values are the same bits alone and among others", "", float, double) {
    serial_executor pool;
    transformer<TestType> policy(small, 1, pool);
    randomise(policy, 2);
    const token_batch batch = random_batch(many_rows, small.vocabulary);
    const auto out = policy.evaluate(batch);
    const auto logits = copy_of(out.logits);
    const auto values = copy_of(out.values);
    CHECK(copy_of(policy.score_logits(batch)) == logits);
    std::size_t at = 0, at_value = 0;
    for (std::size_t b = 0; b < many_rows.size(); ++b) {
        const auto alone = policy.evaluate(random_batch(many_rows, small.vocabulary, b, b + 1));
        for (const TestType x : copy_of(alone.logits)) REQUIRE(x == logits.at(at++));
        for (const TestType x : copy_of(alone.values)) REQUIRE(x == values.at(at_value++));
    }
    CHECK(at == logits.size());
}

TEMPLATE_TEST_CASE("1 to 33 rows at once: the logits of each and the sum of their gradients are the same bits", "",
                   float, double) {
    row_lengths rows_33;
    for (std::int64_t b = 0; b < 33; ++b) rows_33.push_back({1 + b * 5 % 11, b * 7 % 13});
    thread_pool pool(2);
    transformer<TestType> policy(small, 1, pool);
    randomise(policy, 2);
    const auto logits = copy_of(policy.evaluate(random_batch(rows_33, small.vocabulary)).logits);
    accumulate(policy, rows_33);
    const std::vector<TestType> whole(policy.gradient().begin(), policy.gradient().end());
    for (std::size_t n = 1; n < rows_33.size(); ++n) {
        const auto first = copy_of(policy.evaluate(random_batch(rows_33, small.vocabulary, 0, n)).logits);
        REQUIRE(std::equal(first.begin(), first.end(), logits.begin()));
        policy.zero_gradient();
        for (std::size_t b = 0; b < rows_33.size(); b += n)
            accumulate(policy, rows_33, b, std::min(b + n, rows_33.size()));
        REQUIRE(std::equal(whole.begin(), whole.end(), policy.gradient().begin()));
    }
}

TEMPLATE_TEST_CASE("logits, gradients, steps and samples are the same bits for 1, 2 and 3 threads", "", float, double) {
    std::vector<TestType> logits, gradient, parameters;
    std::vector<trajectory> samples;
    for (const int threads : {1, 2, 3}) {
        thread_pool pool(threads);
        transformer<TestType> policy(small, 1, pool);
        randomise(policy, 2);
        const auto scored = copy_of(policy.score_logits(random_batch(many_rows, small.vocabulary)));
        const auto sampled = policy.sample(random_prompts(40, small.vocabulary), sampling_request(30));
        accumulate(policy, many_rows);
        const std::vector<TestType> g(policy.gradient().begin(), policy.gradient().end());
        policy.optimizer_step(0.01, 0.5);
        if (threads == 1) {
            logits = scored;
            gradient = g;
            samples = sampled;
            parameters = policy.state().parameters;
        }
        CHECK(scored == logits);
        CHECK(g == gradient);
        CHECK(policy.state().parameters == parameters);
        for (std::size_t i = 0; i < samples.size(); ++i) CHECK(same(sampled[i], samples[i]));
    }
}

TEMPLATE_TEST_CASE("gradients are the same bits for any split into micro-batches", "", float, double) {
    for (const bool tied : {true, false}) {
        transformer_options options = small;
        options.tied_head = tied;
        thread_pool pool(2);
        transformer<TestType> policy(options, 1, pool);
        randomise(policy, 2);
        accumulate(policy, many_rows);
        const std::vector<TestType> whole(policy.gradient().begin(), policy.gradient().end());
        for (const std::size_t size : {1u, 2u, 5u}) {
            policy.zero_gradient();
            for (std::size_t b = 0; b < many_rows.size(); b += size) accumulate(policy, many_rows, b, b + size);
            CHECK(std::vector<TestType>(policy.gradient().begin(), policy.gradient().end()) == whole);
        }
    }
}

TEMPLATE_TEST_CASE("a response is the same bits for 1 to 33 prompts beside it", "", float, double) {
    serial_executor pool;
    transformer<TestType> policy(small, 1, pool);
    randomise(policy, 2);
    const auto prompts = random_prompts(33, small.vocabulary);
    const auto all = policy.sample(prompts, sampling_request(12));
    for (std::size_t n = 1; n < prompts.size(); ++n) {
        const auto some = policy.sample(std::span(prompts).last(n), sampling_request(12));
        for (std::size_t i = 0; i < n; ++i) REQUIRE(same(some[i], all[prompts.size() - n + i]));
    }
}

TEMPLATE_TEST_CASE("decoding gives the bits of the whole row: the log-probs of a sample are those of its evaluation",
                   "", float, double) {
    thread_pool pool(2);
    transformer<TestType> policy(small, 1, pool);
    randomise(policy, 2);
    const auto prompts = random_prompts(20, small.vocabulary);
    const generation_request request = sampling_request(50);
    const auto samples = policy.sample(prompts, request);
    const token_batch batch = batch_of(samples);
    const auto logits = policy.evaluate(batch).logits;
    sampling_scratch scratch;
    std::int64_t r = 0;
    for (std::size_t i = 0; i < samples.size(); ++i)
        for (std::size_t k = 0; k < samples[i].response.size(); ++k, ++r) {
            const double u = uniform(
                request.seed, {random_purpose::sampling, request.step, prompts[i].row, static_cast<std::uint32_t>(k)});
            const sampled_token expected = sample_token(logits[r], request.sampling, u, scratch);
            REQUIRE(samples[i].response[k] == expected.id);
            REQUIRE(samples[i].log_probs[k].raw == expected.log_probs.raw);
            REQUIRE(samples[i].log_probs[k].at_temperature == expected.log_probs.at_temperature);
        }
    CHECK(r == batch.response_tokens());
    CHECK(r > 100);
}

TEMPLATE_TEST_CASE("a decoder's logits are the bits of the whole row, rows starting and ending at different times", "",
                   float, double) {
    namespace cpu = reft::detail::cpu;
    serial_executor pool;
    transformer<TestType> policy(small, 1, pool);
    randomise(policy, 2);
    const std::vector<token_id> first{1, 5, 2, 8, 8, 0, 4}, second{7, 3, 18, 2, 9};
    const auto whole_row = [&](const std::vector<token_id>& ids) {
        token_batch batch;
        batch.add(std::span(ids).first(1), std::span(ids).subspan(1));
        return copy_of(policy.score_logits(batch));
    };
    const auto expected_first = whole_row(first), expected_second = whole_row(second);

    cpu::transformer_network<TestType> net(small);
    cpu::packed_maps<TestType> maps;
    maps.pack_all(net, policy.state().parameters.data(), cpu::packed_maps<TestType>::factor::transposed, pool);
    cpu::decoder_memory<TestType> memory;
    cpu::transformer_decoder<TestType> decoder({net, policy.state().parameters.data(), maps}, 2, 30, memory);
    static_assert(kv_decoder<cpu::transformer_decoder<TestType>>);
    const auto check = [&](std::int64_t row, const std::vector<TestType>& expected, std::int64_t position) {
        for (std::int64_t j = 0; j < small.vocabulary; ++j)
            REQUIRE(decoder.logits(row)[j] == expected[static_cast<std::size_t>(position * small.vocabulary + j)]);
    };
    const auto decode = [&](std::vector<std::int64_t> rows, std::vector<token_id> ids) {
        decoder.decode(std::span<const std::int64_t>(rows), std::span<const token_id>(ids));
    };
    decoder.prefill(1, std::span(first).first(3));
    check(1, expected_first, 2);
    decode({1}, {first[3]});
    check(1, expected_first, 3);
    decoder.prefill(0, std::span(second).first(2));
    decode({1, 0}, {first[4], second[2]});
    check(1, expected_first, 4);
    check(0, expected_second, 2);
    decoder.drop(1);
    decode({0}, {second[3]});
    check(0, expected_second, 3);
    decoder.prefill(1, std::span(first).first(6));  // over what the row held before
    check(1, expected_first, 5);
}

TEST_CASE("float and double agree") {
    serial_executor pool;
    transformer<float> single(small, 1, pool);
    transformer<double> exact(small, 1, pool);
    const auto a = copy_of(single.score_logits(random_batch(many_rows, small.vocabulary)));
    const auto b = copy_of(exact.score_logits(random_batch(many_rows, small.vocabulary)));
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) CHECK(std::fabs(static_cast<double>(a[i]) - b[i]) < 1e-5);
    accumulate(single, many_rows);
    accumulate(exact, many_rows);
    double difference = 0;
    for (std::size_t i = 0; i < exact.gradient().size(); ++i)
        difference += std::pow(static_cast<double>(single.gradient()[i]) - exact.gradient()[i], 2);
    CHECK(std::sqrt(difference) < 1e-5 * exact.gradient_norm());
}
