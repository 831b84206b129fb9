// expect: losses that are added must compute in the same scalar type
#include <reft/loss/cross_entropy.hpp>
#include <reft/loss/entropy_bonus.hpp>

int main() { (void)(reft::cross_entropy<float>() + reft::entropy_bonus<double>()); }
