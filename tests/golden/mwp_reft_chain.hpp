// The chain of the paper's code, from tokens to gradients, and what it shares with the file of the answer reward.
#pragma once

#include "golden/golden.hpp"

#include <string>
#include <vector>

namespace golden {

void mwp_reft_chain(const golden_case& c, checker& check);

/// Judges `texts` with reft's preset of the paper's code, compares with /outputs/correctness and returns the rewards.
std::vector<double> check_correctness(const golden_case& c, const std::vector<std::string>& texts,
                                      const std::vector<std::string>& golds, checker& check);

}  // namespace golden
