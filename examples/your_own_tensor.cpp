// Your tensor class, shown to reft by fifteen lines, without a copy.
#include <reft/reft.hpp>

#include <cstdint>
#include <cstdio>
#include <utility>
#include <vector>

// Somebody's matrix: rows padded to a multiple of 16 elements, as engines with padded vocabularies have them.
class padded_matrix {
  public:
    padded_matrix(int rows, int columns) : rows_(rows), columns_(columns), pitch_((columns + 15) / 16 * 16) {
        elements_.resize(static_cast<std::size_t>(rows_) * static_cast<std::size_t>(pitch_),
                         -1e30f);  // what lies in the padding is never read
    }
    int rows() const { return rows_; }
    int columns() const { return columns_; }
    int pitch() const { return pitch_; }
    float* data() { return elements_.data(); }
    const float* data() const { return elements_.data(); }
    float& operator()(int i, int j) { return data()[i * pitch_ + j]; }

  private:
    int rows_, columns_, pitch_;
    std::vector<float> elements_;
};

// The glue: rank, and a view with extents and strides. `M` is padded_matrix or const padded_matrix.
template <>
struct reft::tensor_traits<padded_matrix> {
    static constexpr std::size_t rank = 2;

    template <class M>
    static auto view(M& m) {
        using T = std::remove_pointer_t<decltype(m.data())>;
        return strided_view<T, 2>(m.data(), {m.rows(), m.columns()}, {m.pitch(), 1});
    }
};

int main() {
    // Three tokens over a vocabulary of five, whose rows are sixteen elements apart.
    padded_matrix logits(3, 5), d_logits(3, 5);
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 5; ++j) logits(i, j) = 0.3f * static_cast<float>((i + 1) * j % 4);
    const std::vector<std::int64_t> ids = {2, 0, 4};

    // Log-probs and entropies of the chosen tokens.
    const std::vector<float> weights(3, 1.0f / 3);
    std::vector<float> log_probs(3), entropies(3);
    const reft::token_logits batch(std::as_const(logits), ids, {.temperature = 0.9});
    reft::token_log_probs(batch, weights, log_probs, entropies);
    for (std::size_t t = 0; t < 3; ++t)
        std::printf("token %zu: log-prob %.4f, entropy %.4f\n", t, static_cast<double>(log_probs[t]),
                    static_cast<double>(entropies[t]));

    // A loss and its gradient, written where your own backward pass wants it.
    const reft::workspace workspace(reft::workspace_bytes(batch));
    const std::vector<float> advantages = {1.0f, -0.5f, 0.2f};
    const auto loss = reft::clipped_policy(log_probs, advantages) + 0.01 * reft::entropy_bonus<float>();
    const auto stats = reft::loss_over_logits(loss, batch, weights, d_logits, workspace);
    std::printf("loss %.4f, entropy %.4f\nd_logits:\n", stats.loss, stats.mean_entropy());
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 5; ++j) std::printf(" %+.4f", static_cast<double>(d_logits(i, j)));
        std::printf("\n");
    }
}
