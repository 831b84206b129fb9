// expect: this type has no reft::tensor_traits
#include <reft/adapters/eigen.hpp>

int main() {
    const Eigen::MatrixXf a = Eigen::MatrixXf::Zero(2, 2);
    auto sum = a + a;
    reft::view(sum);
}
