#include <reft/models/tabular.hpp>
#include <reft/models/transformer.hpp>
#include <reft/testing/check_policy.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/test_data.hpp"
#include "support/toy_policies.hpp"
#include "testing/check_names.hpp"
#include "testing/small_policy.hpp"

using namespace reft;
using namespace checks;
using small::mistake;

namespace {

/// A toy policy with random numbers in its tables.
template <class P>
P toy_policy() {
    P policy(7);
    policy.m.logits.cells = test::normal<double>(49, 1);
    policy.m.values = test::normal<double>(7, 2);
    return policy;
}

template <class T>
auto small_transformer(bool value_head = true) {
    return [value_head] {
        return transformer<T>({.vocabulary = 11,
                               .width = 12,
                               .layers = 2,
                               .heads = 2,
                               .kv_heads = 1,
                               .hidden = 10,
                               .max_length = 20,
                               .value_head = value_head},
                              1, serial());
    };
}

}  // namespace

TEST_CASE("right policies of the three kinds pass every check that they can be asked for") {
    const policy_check_options options{.vocabulary = 7};
    for (const check_report& report : {check_policy(toy_policy<toy::logits_policy>, options),
                                       check_policy(toy_policy<toy::log_prob_policy>, options),
                                       check_policy(toy_policy<toy::head_policy>, options)}) {
        INFO(report.text());
        CHECK(report.passed());
        CHECK(report.count(check_outcome::held) >= 30);
        CHECK(with_outcome(report, check_outcome::left_out) == names{d_log_probs, d_entropies, d_values, "saving"});
    }
}

TEST_CASE("a policy that offers everything is asked everything") {
    for (const check_report& report :
         {check_policy([] { return small::policy(); }, {.vocabulary = small::vocabulary}),
          check_policy([] { return small::log_prob_policy(); }, {.vocabulary = small::vocabulary})}) {
        INFO(report.text());
        CHECK(report.passed());
        CHECK(report.count(check_outcome::held) == report.checks.size());
        CHECK(check_named(report, d_log_probs).measured < 1e-8);
    }
}

TEMPLATE_TEST_CASE("the reference transformer and the table pass, in float and in double", "", float, double) {
    const auto tabular = [] { return tabular_policy<TestType>({.vocabulary = 9, .order = 2}); };
    const auto without_values = [] { return tabular_policy<TestType>({.vocabulary = 5, .value_head = false}); };
    for (const check_report& report :
         {check_policy(small_transformer<TestType>(), {.vocabulary = 11}), check_policy(tabular, {.vocabulary = 9}),
          check_policy(without_values, {.vocabulary = 5})}) {
        INFO(report.text());
        CHECK(report.passed());
        CHECK(check_named(report, d_entropies).outcome == check_outcome::held);
    }
    CHECK(with_outcome(check_policy(without_values, {.vocabulary = 5}), check_outcome::left_out) ==
          names{"values", "saving"});
}

TEST_CASE("a policy without any preference is not taken for an examined one") {
    const auto uniform = [] { return tabular_policy<double>({.vocabulary = 5}); };
    const check_report report = check_policy(uniform, {.vocabulary = 5, .perturbation = 0});
    CHECK(failed(report).front() == differently);
    CHECK(check_policy(uniform, {.vocabulary = 5}).passed());
}

TEST_CASE("an exception fails the check that it comes out of, with its message, and the others go on") {
    const auto throws = [] { return small::policy(mistake::throws_at_another_temperature); };
    const check_report report = check_policy(throws, {.vocabulary = small::vocabulary});
    const check_result& thrown = check_named(report, sums);
    CHECK(thrown.outcome == check_outcome::failed);
    CHECK(thrown.detail == "An exception came out of it: temperature must be 1");
    CHECK(check_named(report, causal).outcome == check_outcome::held);
    CHECK(check_named(report, saved).outcome == check_outcome::held);

    const auto cannot_be_made = []() -> small::policy { throw std::runtime_error("no such file"); };
    const check_report none = check_policy(cannot_be_made, {.vocabulary = 9});
    CHECK(failed(none) == names{same_policy});
    CHECK(with_outcome(none, check_outcome::left_out) == names{"all else"});
    CHECK_FALSE(none.passed());
}

namespace {

/// Evaluates and goes back, and offers nothing else.
struct bare {
    using scalar = double;
    toy::logits_policy of = toy_policy<toy::logits_policy>();
    auto evaluate(const token_batch& batch) { return of.evaluate(batch); }
    void backward(strided_view<const double, 2> logits, strided_view<const double, 1> values) {  // derivatives
        of.backward(logits, values);
    }
};

/// Samples without saying how probable its tokens are.
struct silent : toy::logits_policy {
    using toy::logits_policy::logits_policy;
    std::vector<trajectory> sample(std::span<const generation_prompt> prompts, const generation_request& asked) {
        auto all = toy::logits_policy::sample(prompts, asked);
        for (trajectory& t : all) t.log_probs.clear();
        return all;
    }
};

}  // namespace

TEST_CASE("what a policy does not offer is left out, and the report says what it would take") {
    const check_report report = check_policy([] { return bare(); }, {.vocabulary = 7});
    INFO(report.text());
    CHECK(report.passed());
    CHECK(with_outcome(report, check_outcome::left_out) ==
          names{"sampling", d_log_probs, d_entropies, "learning", d_values, values_learn, "snapshot", "saving"});
    CHECK(check_named(report, "sampling").detail.find("sample(prompts, request)") != std::string::npos);

    const check_report quiet = check_policy(toy_policy<silent>, {.vocabulary = 7});
    CHECK(quiet.passed());
    for (const std::string& name : {prefill, decode, raw, at_temperature, as_sampled})
        CHECK(check_named(quiet, name).outcome == check_outcome::left_out);
}

namespace {

/// A base that stays as it is and an adapter on top, which learns; its reference is the base alone.
struct adapted : small::policy {
    small::network base = *net;
    explicit adapted(mistake w = mistake::none) : small::policy(w) {
        const auto adapter = test::normal<double>(net->x.size(), 3);
        for (std::size_t i = 0; i < adapter.size(); ++i) net->x[i] += 0.1 * adapter[i];
    }
    frozen snapshot() const {
        frozen reference = small::policy::snapshot();
        if (wrong == mistake::none) *reference.of->net = base;
        return reference;
    }
};

}  // namespace

TEST_CASE("a reference that is not the policy itself need not score like it, if the options say so") {
    policy_check_options options{.vocabulary = small::vocabulary};
    CHECK(failed(check_policy([] { return adapted(); }, options)) == names{snapshot});
    options.snapshot_is_copy = false;
    const check_report report = check_policy([] { return adapted(); }, options);
    INFO(report.text());
    CHECK(report.passed());
    CHECK(with_outcome(report, check_outcome::left_out) == names{snapshot});
    CHECK(check_named(report, snapshot).detail.find("snapshot_is_copy") != std::string::npos);

    const auto learns_too = [] { return adapted(mistake::snapshot_shares_parameters); };
    CHECK(failed(check_policy(learns_too, options)) == names{snapshot_stays});
}

TEST_CASE("options out of range are refused") {
    const auto with = [](policy_check_options options) { return check_policy(small_transformer<float>(), options); };
    CHECK_THROWS_AS(with({}), option_error);
    CHECK_THROWS_AS(with({.vocabulary = 11, .rows = 3}), option_error);
    CHECK_THROWS_AS(with({.vocabulary = 11, .temperature = 1}), option_error);
    CHECK_THROWS_AS(with({.vocabulary = 11, .learning_rate = 0}), option_error);
}

TEST_CASE("a vocabulary larger than may be enumerated is checked at fewer places") {
    const auto large = [] { return tabular_policy<double>({.vocabulary = 300}); };
    const check_report report = check_policy(large, {.vocabulary = 300, .enumerated = 1000});
    INFO(report.text());
    CHECK(report.passed());
}

TEST_CASE("wider tolerances let a policy pass that is less exact") {
    const auto coarse = [] { return small::policy(mistake::save_with_few_digits); };
    CHECK_FALSE(check_policy(coarse, {.vocabulary = 9}).passed());
    CHECK(check_policy(coarse, {.vocabulary = 9, .tolerances = policy_tolerances{.outputs = 1e-4}}).passed());
}
