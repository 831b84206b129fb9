// expect: this type has no reft::tensor_traits
#include <reft/adapters/armadillo.hpp>

int main() {
    const arma::mat a(2, 2);
    const auto sum = a + a;
    reft::view(sum);
}
