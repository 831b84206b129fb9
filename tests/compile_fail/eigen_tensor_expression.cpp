// expect: this type has no reft::tensor_traits
#include <reft/adapters/eigen_tensor.hpp>

int main() {
    Eigen::Tensor<float, 3> logits(2, 3, 4);
    auto scaled = logits * 2.0f;
    reft::view(scaled);
}
