// expect: the view of a temporary that owns its storage would dangle
#include <reft/kernel/token_logits.hpp>

#include <vector>

std::vector<int> made() { return std::vector<int>(3); }

int main() {
    const std::vector<float> logits(12);
    const auto view = reft::tensor_at(logits.data(), 3, 4);
    reft::token_logits batch(view, made());
}
