#include <reft/policy/concepts.hpp>

#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/toy_policies.hpp"

namespace {

struct remote_scorer {
    using scalar = float;
    void score(const reft::token_batch&, reft::strided_view<float, 1>) {}
};

struct saved {
    void save(const std::string&) const {}
    void load(const std::string&) {}
};

/// Gives logits but cannot take their gradient back.
struct without_backward {
    using scalar = double;
    toy::logits_policy::evaluated evaluate(const reft::token_batch&);
};

}  // namespace

static_assert(reft::logits_policy<toy::logits_policy>);
static_assert(reft::log_prob_policy<toy::log_prob_policy>);
static_assert(reft::head_policy<toy::head_policy>);
static_assert(!reft::log_prob_policy<toy::logits_policy> && !reft::head_policy<toy::logits_policy>);
static_assert(!reft::logits_policy<toy::log_prob_policy> && !reft::head_policy<toy::log_prob_policy>);
static_assert(!reft::logits_policy<toy::head_policy> && !reft::log_prob_policy<toy::head_policy>);
static_assert(!reft::trainable_policy<without_backward> && !reft::trainable_policy<toy::bigram_policy>);
static_assert(!reft::trainable_policy<int> && !reft::trainable_policy<std::string>);

static_assert(reft::logits_scorer<toy::bigram_policy> && !reft::log_prob_scorer<toy::bigram_policy>);
static_assert(reft::log_prob_scorer<remote_scorer> && !reft::logits_scorer<remote_scorer>);
static_assert(reft::scorer<remote_scorer> && reft::scorer<toy::bigram_policy> && !reft::scorer<saved>);

static_assert(reft::sampler<toy::logits_policy> && !reft::sampler<remote_scorer>);
static_assert(reft::optimizable<toy::logits_policy> && !reft::optimizable<remote_scorer>);
static_assert(reft::snapshotable<toy::logits_policy> && !reft::snapshotable<remote_scorer>);
static_assert(reft::savable<saved> && !reft::savable<toy::logits_policy>);

TEST_CASE("the toy policies model what they claim") { SUCCEED("the static assertions above hold"); }
