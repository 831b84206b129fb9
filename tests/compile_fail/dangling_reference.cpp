// expect: the view of a temporary that owns its storage would dangle
#include <reft/loss/kl_penalty.hpp>

#include <vector>

std::vector<float> made() { return std::vector<float>(3); }

int main() { reft::kl_penalty loss(made()); }
