// What people get wrong when they bring a model of their own; each is built into small_policy.hpp.
#pragma once

namespace small {

enum class mistake {
    none,
    // making
    other_parameters_every_time,
    // scoring
    dropout,
    first_value_infinite,
    keys_left_from_last_evaluate,
    softmax_over_padded_vocabulary,
    temperature_applied_to_logits,
    no_causal_mask,
    scores_of_own_position,
    scores_one_too_early,
    values_one_too_early,
    positions_of_padded_rows,
    rows_go_on_from_the_row_before,
    empty_rows_spoil_the_next,
    throws_at_another_temperature,
    // sampling
    stop_token_dropped,
    greedy_ignored,
    prefill_of_first_position,
    decode_repeats_a_position,
    cache_stale_after_drop,
    raw_after_top_k,
    at_temperature_is_raw,
    as_sampled_without_top_k,
    random_numbers_in_turn,
    step_ignored,
    skewed_random_numbers,
    // gradients
    sign_of_gradient,
    divided_by_tokens,
    gradient_overwritten,
    value_head_without_gradient,
    value_detached_from_body,
    positions_without_gradient,
    evaluates_pile_up,
    decay_in_backward,
    zero_forgets_value_head,
    norm_without_root,
    // steps
    ascends,
    scale_ignored,
    // keeping
    snapshot_without_positions,
    snapshot_shares_parameters,
    snapshot_shares_buffers,
    save_without_value_head,
    save_with_few_digits,
    load_keeps_old_head,
    // with a softmax of its own
    temperature_ignored,
    logits_times_temperature,
    entropies_to_base_2,
    entropies_without_gradient,
    temperature_missing_in_gradient,
    // with its parameters kept to itself
    norm_always_0,
};

}  // namespace small
