// The adapter with the headers of xtensor where 0.26 and later have them. An older release is made to look like that by
// the folder xtensor_0_26, which this file alone has in front of its include path.
#include <reft/adapters/xtensor.hpp>
#include <reft/advantage/gae.hpp>

#include <array>
#include <cstddef>
#include <vector>

#include "support/catch.hpp"
#include "support/xtensor.hpp"

#if !__has_include(<xtensor/containers/xtensor.hpp>)
#error "xtensor_0_26 is not on the include path"
#elif __has_include(<xtensor/xtensor.hpp>) && !defined(REFT_TEST_XTENSOR_HEADERS_ARE_FORWARDED)
#error "the adapter did not take the headers of the new layout"
#endif

TEST_CASE("the xtensor adapter works with the headers of xtensor 0.26 and later") {
    const std::vector<float> rewards = {0, 1, 0, 1};
    const auto r = xt::adapt(rewards, std::array<std::size_t, 2>{2, 2});
    xt::xarray<float> values = {{0.5f, 0.5f}, {0.5f, 0.5f}};
    xt::xtensor<float, 3, xt::layout_type::column_major> all = xt::zeros<float>({2, 2, 3});
    auto advantages = xt::view(all, xt::all(), xt::all(), 1);
    reft::gae(r, reft::ranked<2>(xt::strided_view(values, {xt::all(), xt::ellipsis()})), reft::rows::padded(2, 2),
              advantages, {.gamma = 1.0, .lambda = 1.0});
    CHECK(all(0, 0, 1) == 0.5f);
    CHECK(all(1, 1, 1) == 0.5f);
    CHECK(all(1, 1, 0) == 0);
}
