// The names of the checks, and what a report says about them.
#pragma once

#include <reft/testing/report.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "support/catch.hpp"

namespace checks {

using reft::check_outcome;
using reft::check_report;
using reft::check_result;
using names = std::vector<std::string>;

inline names with_outcome(const check_report& report, check_outcome outcome) {
    names found;
    for (const check_result& c : report.checks)
        if (c.outcome == outcome) found.push_back(c.name);
    return found;
}
inline names failed(const check_report& report) { return with_outcome(report, check_outcome::failed); }

inline const check_result& check_named(const check_report& report, const std::string& name) {
    const auto found =
        std::find_if(report.checks.begin(), report.checks.end(), [&](const check_result& c) { return c.name == name; });
    REQUIRE(found != report.checks.end());
    return *found;
}

inline const std::string same_policy = "make() gives the same policy every time",
                         finite_scores = "scores are finite, one for every response token",
                         differently = "tokens are scored differently", repeat = "the same batch gets the same scores",
                         alone = "a row alone scores as among others", order = "the order of the rows does not matter",
                         empty_row = "a row without response changes nothing",
                         causal = "no token sees itself or what follows",
                         last_token = "every token sees the one before it", sums = "probabilities sum to 1",
                         entropies = "entropies are those of the probabilities",
                         temperature = "log-probs are taken at the temperature of the batch",
                         request = "trajectories keep to the request",
                         greedy = "greedy tokens are the most probable ones",
                         prefill = "first log-prob: prefill agrees with evaluate",
                         decode = "later log-probs: decoding agrees with evaluate",
                         raw = "raw log-probs are from before temperature and top-k",
                         at_temperature = "log-probs at the temperature are those of evaluate",
                         as_sampled = "log-probs as sampled are those within the top-k",
                         beside = "a response does not depend on what is sampled beside it",
                         seeds = "seed, step and row number change the responses",
                         drawn = "tokens are drawn as often as they are probable",
                         d_log_probs = "gradient of log-probs by finite differences",
                         d_entropies = "gradient of entropies by finite differences",
                         micro_batches = "backward adds up over micro-batches",
                         last_evaluate = "backward is about the last evaluate alone",
                         nothing = "derivatives of 0 give no gradient", zero = "zero_gradient clears the gradient",
                         norm = "gradient_norm is the length of the gradient",
                         step_log_probs = "a step along the gradient of log-probs lowers them",
                         step_entropies = "a step along the gradient of entropies lowers them",
                         scale = "optimizer_step heeds gradient_scale",
                         value_place = "every value sees the token before it",
                         d_values = "gradient of values by finite differences",
                         values_learn = "values learn: ten steps lower their loss",
                         snapshot = "a snapshot scores like the policy",
                         snapshot_stays = "a snapshot stays as it was when the policy learns",
                         snapshot_apart = "scoring with a snapshot leaves the policy's evaluate alone",
                         saved = "what was saved is what is loaded";

}  // namespace checks
