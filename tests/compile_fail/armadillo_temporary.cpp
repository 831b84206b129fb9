// expect: the view of a temporary that owns its storage would dangle
#include <reft/adapters/armadillo.hpp>

int main() { reft::view(arma::mat(2, 2)); }
