// The same program with Eigen's vectors for arrays.
#include <reft/adapters/eigen.hpp>
#include <reft/reft.hpp>

#include <Eigen/Core>
#include <cstdio>
#include <vector>

int main() {
    const Eigen::VectorXd rewards = Eigen::Vector3d(0, 0, 1), values = Eigen::Vector3d::Constant(0.5);
    const std::vector<int> offsets{0, 3};
    Eigen::VectorXd advantages(3);
    reft::gae(rewards, values, reft::rows::packed(offsets), advantages, {.gamma = 1.0, .lambda = 0.5});
    std::printf("%g %g %g\n", advantages[0], advantages[1], advantages[2]);
    return advantages.isApprox(Eigen::Vector3d(0.125, 0.25, 0.5), 1e-12) ? 0 : 1;
}
