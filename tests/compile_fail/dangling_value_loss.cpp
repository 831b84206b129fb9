// expect: the view of a temporary that owns its storage would dangle
#include <reft/loss/clipped_value.hpp>

#include <vector>

std::vector<float> made() { return std::vector<float>(3); }

int main() {
    const std::vector<float> old_values(3);
    reft::clipped_value loss(old_values, made());
}
