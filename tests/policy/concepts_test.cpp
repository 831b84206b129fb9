#include <reft/policy/concepts.hpp>

#include <fstream>
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

/// Lines between “// glue of a <what>: begin” and “: end”.
int lines_of_glue(const std::string& what) {
    const std::string here = __FILE__;
    std::ifstream file(here.substr(0, here.rfind("policy/concepts_test.cpp")) + "support/toy_policies.hpp");
    std::string line;
    int lines = -1;
    while (std::getline(file, line)) {
        if (line == "// glue of a " + what + ": end") return lines;
        if (lines >= 0) ++lines;
        if (line == "// glue of a " + what + ": begin") lines = 0;
    }
    return -1;
}

TEST_CASE("what a backend's author writes is short: a tensor in 25 lines, a policy in 80") {
    const int tensor = lines_of_glue("tensor"), policy = lines_of_glue("policy");
    INFO("tensor " << tensor << ", policy " << policy);
    CHECK((tensor > 5 && tensor <= 25));
    CHECK((policy > 40 && policy <= 80));
}
