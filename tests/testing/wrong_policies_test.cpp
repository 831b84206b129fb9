// Every mistake that small_policy.hpp can make is found, by the check that is about it.
#include <reft/testing/check_policy.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "testing/check_names.hpp"
#include "testing/small_policy.hpp"

using namespace reft;
using namespace checks;
using small::mistake;

static_assert(logits_policy<small::policy> && log_prob_policy<small::log_prob_policy>);
static_assert(sampler<small::policy> && optimizable<small::policy> && snapshotable<small::policy>);
static_assert(optimizable<small::closed_policy> && !inspectable<small::closed_policy>);
static_assert(inspectable<small::policy> && savable<small::policy> && inspectable<small::log_prob_policy>);

namespace {

template <class P = small::policy>
check_report checked(mistake wrong) {
    std::uint64_t seed = 1;
    return check_policy(
        [&] {
            if (wrong == mistake::other_parameters_every_time) ++seed;
            return P(wrong, seed);
        },
        {.vocabulary = small::vocabulary});
}
check_report checked(mistake wrong) {
    if (wrong < mistake::temperature_ignored) return checked<small::policy>(wrong);
    return wrong < mistake::norm_always_0 ? checked<small::log_prob_policy>(wrong)
                                          : checked<small::closed_policy>(wrong);
}

/// A mistake, and the checks that fail by it: first what it is about, then what must follow.
struct expectation {
    mistake wrong;
    names fails;
};

const expectation expectations[] = {
    {mistake::other_parameters_every_time, {same_policy, micro_batches, last_evaluate, scale, snapshot_apart}},
    {mistake::first_value_infinite,  // a sum with it is infinite, and so is every loss
     {finite_scores, d_log_probs, d_entropies, step_log_probs, step_entropies, d_values, values_learn}},
    {mistake::softmax_over_padded_vocabulary, {sums, entropies, prefill, decode, raw, at_temperature}},
    {mistake::temperature_applied_to_logits, {temperature, at_temperature, as_sampled, d_log_probs, d_entropies}},
    {mistake::no_causal_mask,  // a sampler cannot see what follows
     {causal, sums, entropies, temperature, prefill, decode, raw, at_temperature, as_sampled, greedy, drawn}},
    {mistake::scores_of_own_position,
     {causal, sums, entropies, temperature, prefill, decode, raw, at_temperature, as_sampled, greedy, drawn}},
    {mistake::scores_one_too_early,
     {last_token, prefill, decode, raw, at_temperature, as_sampled, greedy, drawn, value_place}},
    {mistake::values_one_too_early, {value_place, d_values}},
    {mistake::positions_of_padded_rows, {alone, prefill, decode, raw, at_temperature, micro_batches}},
    {mistake::rows_go_on_from_the_row_before,  // what follows in one row comes before in the next
     {alone, order, empty_row, causal, sums, entropies, temperature, prefill, decode, raw, at_temperature, as_sampled,
      greedy, drawn, micro_batches}},
    {mistake::empty_rows_spoil_the_next, {alone, order, empty_row, micro_batches}},
    {mistake::stop_token_dropped, {request}},
    {mistake::greedy_ignored, {greedy}},
    {mistake::prefill_of_first_position, {prefill, raw, at_temperature, as_sampled, greedy, drawn}},
    {mistake::decode_repeats_a_position, {decode, raw, at_temperature, as_sampled, greedy}},
    {mistake::cache_stale_after_drop, {prefill, decode, raw, at_temperature, as_sampled, greedy, beside}},
    {mistake::raw_after_top_k, {raw}},
    {mistake::at_temperature_is_raw, {at_temperature}},
    {mistake::as_sampled_without_top_k, {as_sampled}},
    {mistake::random_numbers_in_turn, {beside, seeds}},
    {mistake::step_ignored, {seeds}},
    {mistake::skewed_random_numbers, {drawn}},
    {mistake::sign_of_gradient, {d_log_probs, d_entropies, step_log_probs, step_entropies, d_values, values_learn}},
    {mistake::divided_by_tokens, {d_log_probs, d_entropies, micro_batches, d_values}},
    {mistake::gradient_overwritten, {micro_batches}},
    {mistake::value_head_without_gradient, {d_values, values_learn}},
    {mistake::value_detached_from_body, {d_values}},
    {mistake::positions_without_gradient, {d_log_probs, d_entropies, d_values}},
    {mistake::evaluates_pile_up, {last_evaluate}},
    {mistake::decay_in_backward, {d_log_probs, d_entropies, micro_batches, nothing, scale, d_values}},
    {mistake::zero_forgets_value_head, {zero, scale}},
    {mistake::norm_without_root, {norm}},
    {mistake::ascends, {step_log_probs, step_entropies, values_learn}},
    {mistake::scale_ignored, {scale}},
    {mistake::snapshot_without_positions, {snapshot}},
    {mistake::snapshot_shares_parameters, {snapshot_stays}},
    {mistake::snapshot_shares_buffers, {snapshot_stays, snapshot_apart}},
    {mistake::save_without_value_head, {saved}},
    {mistake::save_with_few_digits, {saved}},
    {mistake::load_keeps_old_head, {saved}},
    {mistake::temperature_ignored, {temperature, at_temperature, as_sampled, snapshot}},
    {mistake::logits_times_temperature, {temperature, at_temperature, as_sampled, drawn, snapshot}},
    {mistake::entropies_to_base_2, {entropies}},
    {mistake::entropies_without_gradient, {d_entropies, step_entropies}},
    {mistake::temperature_missing_in_gradient, {d_log_probs, d_entropies}},
    {mistake::norm_always_0, {micro_batches}},
};

}  // namespace

TEST_CASE("every mistake fails the check that is about it, and those that must follow") {
    names all;
    for (const expectation& e : expectations) {
        const check_report report = checked(e.wrong);
        INFO("mistake " << static_cast<int>(e.wrong) << "\n" << report.text());
        CHECK(failed(report) == e.fails);
        for (const check_result& c : report.checks)
            if (c.outcome == check_outcome::failed) CHECK((!c.detail.empty() && !c.usual_cause.empty()));
        all.insert(all.end(), e.fails.begin(), e.fails.end());
    }
    for (const std::string& name : with_outcome(checked(mistake::none), check_outcome::held))
        if (name != differently && name != repeat) CHECK(std::find(all.begin(), all.end(), name) != all.end());
}

TEST_CASE("scores that change by themselves fail the check of that, whatever else they spoil") {
    for (const mistake wrong : {mistake::dropout, mistake::keys_left_from_last_evaluate}) {
        const names found = failed(checked(wrong));
        REQUIRE_FALSE(found.empty());
        CHECK(found.front() == repeat);
    }
}

TEST_CASE("a failed gradient names the parameters, and what the factor tells of its cause") {
    const auto says = [](mistake wrong, const std::string& name, const std::string& detail, const std::string& cause) {
        const check_report report = checked(wrong);
        const check_result& c = check_named(report, name);
        INFO(c.detail << "\n" << c.usual_cause);
        CHECK(c.detail.find(detail) != std::string::npos);
        CHECK(c.usual_cause.find(cause) != std::string::npos);
    };
    // place is parameters 108 to 251; positions behind the longest row are never reached
    says(mistake::positions_without_gradient, d_log_probs, "Blocks that disagree: parameters 104 to 181; ",
         "does not reach");
    says(mistake::sign_of_gradient, d_log_probs, "the loss changes by", "the sign");
    says(mistake::divided_by_tokens, d_entropies, "", "divided by the number of tokens");
    says(mistake::value_head_without_gradient, d_values, "the gradient says 0", "backward adds nothing for values");
    says(mistake::temperature_missing_in_gradient, d_log_probs, "At temperature 0.7", "a factor of the temperature");
    says(mistake::gradient_overwritten, micro_batches, "After two halves", "must add to the gradient");
    says(mistake::temperature_ignored, temperature, "divided by the temperature", "is ignored");
    says(mistake::temperature_applied_to_logits, temperature, "", "applied twice");
    says(mistake::logits_times_temperature, temperature, "", "multiplied by the temperature");
}

TEST_CASE("checks that a gradient of length 0 could not fail are left out, and one says so") {
    const check_report report = checked(mistake::norm_always_0);
    INFO(report.text());
    CHECK(check_named(report, micro_batches).usual_cause.find("gradient_norm() says 0") != std::string::npos);
    for (const std::string& name : {last_evaluate, nothing, zero, snapshot_apart}) {
        CHECK(check_named(report, name).outcome == check_outcome::left_out);
        CHECK(check_named(report, name).detail.find("length 0") != std::string::npos);
    }
    const check_report right = checked<small::closed_policy>(mistake::none);
    CHECK(right.passed());
    for (const std::string& name : {micro_batches, last_evaluate, nothing, zero, snapshot_apart})
        CHECK(check_named(right, name).outcome == check_outcome::held);
}
