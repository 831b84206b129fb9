// expect: old_log_probs and advantages must have the same scalar type
#include <reft/loss/clipped_policy.hpp>

#include <vector>

int main() {
    const std::vector<float> old_log_probs(3);
    const std::vector<double> advantages(3);
    reft::clipped_policy loss(old_log_probs, advantages);
}
