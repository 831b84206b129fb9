#include <reft/core/mask_bits.hpp>
#include <reft/core/rows.hpp>
#include <reft/core/std_tensors.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/instruction_sets.hpp"
#include "support/test_data.hpp"

namespace {

/// What is not 0: ones, negative numbers, and numbers with bits in the upper half alone.
template <class T>
T nonzero(std::size_t i) {
    const T values[] = {T(1), std::numeric_limits<T>::max(), std::numeric_limits<T>::min(),
                        static_cast<T>(T(1) << (8 * sizeof(T) - 2))};
    const T value = values[i % 4];
    return value == 0 ? T(1) : value;
}

template <class T>
void check_kind() {
    for (const std::int64_t stride : {1, 3})
        for (const double share : {0.0, 0.5, 1.0}) {
            const std::int64_t n = 301;
            const auto mask = test::mask(static_cast<std::size_t>(n), 5, share);
            std::vector<T> memory(static_cast<std::size_t>(n * stride), T(1));
            for (std::size_t i = 0; i < mask.size(); ++i)
                memory[i * static_cast<std::size_t>(stride)] = mask[i] ? nonzero<T>(i) : T(0);
            const reft::integer_view view(reft::strided_view<T, 1>(memory.data(), {n}, {stride}));
            for (std::int64_t first = 0; first < n; first += 37) {
                const auto run = view.run_from({0, first});
                for (const std::int64_t w : {1, 7, 32, 63, 64}) {
                    if (first + w > n) continue;
                    std::uint64_t expected = 0;
                    for (std::int64_t i = 0; i < w; ++i)
                        expected |= static_cast<std::uint64_t>(mask[static_cast<std::size_t>(first + i)]) << i;
                    REQUIRE(reft::detail::mask_bits(run, 0, w) == expected);
                    REQUIRE(reft::detail::mask_bits(view.run_from({0, 0}), first, w) == expected);
                }
                const auto begin = mask.begin() + first;
                REQUIRE(reft::detail::count_nonzero(run, n - first) == std::count(begin, mask.end(), 1));
                std::int64_t last = n - first - 1;
                while (last >= 0 && begin[last] == 0) --last;
                REQUIRE(reft::detail::last_nonzero(run, n - first) == last);
            }
        }
}

}  // namespace

TEST_CASE("masks of every integer type and stride become the same bits with every instruction set") {
    test::with_each_instruction_set([] {
        check_kind<std::uint8_t>();
        check_kind<std::int8_t>();
        check_kind<std::int32_t>();
        check_kind<std::uint32_t>();
        check_kind<std::int64_t>();
        check_kind<std::uint64_t>();
        check_kind<long long>();
    });
}

TEST_CASE("without a mask every bit is set") {
    const reft::detail::integer_run none;
    CHECK(reft::detail::mask_bits(none, 0, 64) == ~std::uint64_t{0});
    CHECK(reft::detail::mask_bits(none, 5, 3) == 7);
    CHECK(reft::integer_view().run_from({0, 0}).data == nullptr);
}

TEST_CASE("clear_uncounted clears what is masked and the padding, and nothing else") {
    const std::int64_t batch = 3, time = 150;
    const auto mask = test::mask(static_cast<std::size_t>(batch * time), 1);
    std::vector<float> x(mask.size(), 7.0f);
    const auto m = reft::tensor_at(mask.data(), batch, time);
    reft::clear_uncounted(reft::rows::padded(m), reft::tensor_at(x.data(), batch, time));
    for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(x[i] == (mask[i] ? 7.0f : 0.0f));

    std::vector<double> y(static_cast<std::size_t>(batch * time), 7.0);
    const std::vector<int> lengths = {150, 0, 80};
    reft::clear_uncounted(reft::rows::padded_to(time, lengths), reft::tensor_at(y.data(), batch, time));
    for (std::size_t i = 0; i < y.size(); ++i)
        REQUIRE(y[i] == (static_cast<int>(i) % 150 < lengths[i / 150] ? 7.0 : 0.0));
}
