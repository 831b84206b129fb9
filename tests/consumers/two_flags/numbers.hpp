// What each of the two parts of the program gives.
#pragma once

#include <vector>

struct numbers {
    std::vector<double> advantages;  // gae
    std::vector<double> whitened;    // whiten
    std::vector<double> d_logits;    // loss_over_logits, in double
    std::vector<float> d_logits_f;   // the same in float
    double loss = 0;
    double loss_f = 0;
};

numbers baseline_numbers();
numbers vector_numbers();
