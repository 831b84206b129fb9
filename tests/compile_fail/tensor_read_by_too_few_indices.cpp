// expect: element must take the tensor and as many indices
#include <reft/testing/check_tensor.hpp>

#include <cstdint>
#include <memory>

struct matrix {
    std::shared_ptr<float[]> cells;
    std::int64_t rows = 0, columns = 0;
};
template <>
struct reft::tensor_traits<matrix> {
    static constexpr std::size_t rank = 2;
    static auto view(const matrix& m) { return strided_view<float, 2>(m.cells.get(), {m.rows, m.columns}); }
};

int main() {
    reft::check_tensor(
        [](std::int64_t rows, std::int64_t columns) {
            return matrix{nullptr, rows, columns};
        },
        [](matrix& x, std::int64_t i) -> float& { return x.cells[i]; });
}
