// expect: the view of a temporary that owns its storage would dangle
#include <reft/adapters/xtensor.hpp>

int main() { reft::ranked<2>(xt::xarray<float>::from_shape({2, 3})); }
