// expect: make must take as many extents as the rank
#include <reft/core/std_tensors.hpp>
#include <reft/testing/check_tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

int main() {
    reft::check_tensor(
        [](std::int64_t rows, std::int64_t columns) {
            return std::vector<float>(static_cast<std::size_t>(rows * columns));
        },
        [](auto& x, std::int64_t i, std::int64_t j) -> auto& { return x[static_cast<std::size_t>(i + j)]; });
}
