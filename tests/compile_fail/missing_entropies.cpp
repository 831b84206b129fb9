// expect: this loss needs entropies; pass entropies and d_entropies as well
#include <reft/kernel/log_probs.hpp>
#include <reft/loss/entropy_bonus.hpp>

int main() {
    std::vector<float> x(3);
    reft::loss_over_log_probs(reft::entropy_bonus<float>(), x, x, x);
}
