// expect: the view of a temporary that owns its storage would dangle
#include <reft/core/std_tensors.hpp>

int main() { reft::view(std::vector<float>(3)); }
