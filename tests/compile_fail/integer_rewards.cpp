// expect: token_tensor|constraints
#include <reft/advantage/gae.hpp>

#include <vector>

int main() {
    std::vector<int> x(3);
    reft::gae(x, x, reft::rows::padded(1, 3), x);
}
