// Compiled twice; ADVANTAGES names the function of each.
#include <reft/reft.hpp>

#include <cmath>
#include <vector>

std::vector<double> ADVANTAGES() {
    const int rows = 7;
    const int time = 61;
    std::vector<double> rewards(rows * time);
    std::vector<double> values(rows * time);
    for (int i = 0; i < rows * time; ++i) {
        rewards[i] = std::sin(0.7 * i);
        values[i] = std::cos(1.3 * i);
    }
    std::vector<double> advantages(rows * time);
    reft::gae(reft::tensor_at(rewards.data(), rows, time), reft::tensor_at(values.data(), rows, time),
              reft::rows::padded(rows, time), reft::tensor_at(advantages.data(), rows, time),
              {.gamma = 0.99, .lambda = 0.95});
    return advantages;
}
