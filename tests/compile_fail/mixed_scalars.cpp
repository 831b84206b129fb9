// expect: must have the same scalar type
#include <reft/advantage/gae.hpp>

int main() {
    const std::vector<float> rewards(3);
    const std::vector<double> values(3);
    std::vector<float> advantages(3);
    reft::gae(rewards, values, reft::rows::padded(1, 3), advantages);
}
