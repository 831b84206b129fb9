// Whether the glue of a policy is right, before a week is spent on training it.
#pragma once

#include <reft/policy/concepts.hpp>
#include <reft/testing/accumulation_checks.hpp>
#include <reft/testing/gradient_checks.hpp>
#include <reft/testing/keeping_checks.hpp>
#include <reft/testing/learning_checks.hpp>
#include <reft/testing/policy_check_options.hpp>
#include <reft/testing/policy_subject.hpp>
#include <reft/testing/randomness_checks.hpp>
#include <reft/testing/report.hpp>
#include <reft/testing/row_checks.hpp>
#include <reft/testing/sampling_checks.hpp>
#include <reft/testing/score_checks.hpp>

#include <type_traits>
#include <utility>

namespace reft::inline REFT_ABI {
namespace detail {

template <class Subject>
void check_what_is_offered(checklist& list, Subject& subject) {
    using policy = typename Subject::policy;
    constexpr bool learns = optimizable<policy>;
    check_scores(list, subject);
    check_rows_apart(list, subject);
    check_distributions(list, subject);
    if constexpr (sampler<policy>) {
        check_sampling(list, subject);
        check_randomness(list, subject);
    } else {
        list.leave_out("sampling", "The policy is no sampler: sample(prompts, request).");
    }
    check_gradients(list, subject, loss_part::log_probs);
    check_gradients(list, subject, loss_part::entropies);
    if constexpr (learns) {
        check_accumulation(list, subject);
        check_learning(list, subject);
    } else {
        list.leave_out("learning",
                       "The policy is not optimizable: zero_gradient(), gradient_norm(), optimizer_step(rate, scale).");
    }
    if (subject.has_values()) {
        check_values(list, subject);
    } else {
        list.leave_out("values", "The policy has no values.");
    }
    if constexpr (snapshotable<policy>)
        check_snapshot(list, subject);
    else
        list.leave_out("snapshot", "The policy is not snapshotable: snapshot() that gives a scorer.");
    if constexpr (savable<policy>)
        check_saving(list, subject);
    else
        list.leave_out("saving", "The policy is not savable: save(path), load(path).");
}

}  // namespace detail

/// Checks a policy of any of the three kinds against all that its concepts promise. What it does not offer is left out,
/// with a line that says so; an exception fails the check it comes out of.
///
/// `make()` gives a movable policy, with the same parameters every time. It is called some sixty times, so that no check
/// sees what another one left: give it a small configuration of your model, in double if it can be.
///
/// Errors    option_error if an option is out of range.
template <class Make>
    requires trainable_policy<std::remove_cvref_t<std::invoke_result_t<Make&>>>
check_report check_policy(Make&& make, const policy_check_options& options) {
    require_valid(options);
    using policy = std::remove_cvref_t<std::invoke_result_t<Make&>>;
    const auto made = [&make]() -> policy { return make(); };
    detail::policy_subject<policy> subject(made, options);
    detail::checklist list;
    if (detail::check_making(list, subject))
        detail::check_what_is_offered(list, subject);
    else
        list.leave_out("all else", "The policy could not be made and scored.");
    return std::move(list.report());
}

}  // namespace reft::inline REFT_ABI
