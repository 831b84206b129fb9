// expect: the view of a temporary that owns its storage would dangle
#include <reft/loss/clipped_policy.hpp>

#include <vector>

std::vector<float> made() { return std::vector<float>(3); }

int main() {
    const std::vector<float> advantages(3);
    reft::clipped_policy loss(made(), advantages);
}
