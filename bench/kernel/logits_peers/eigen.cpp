// Eigen's expressions over a row: its vectorised exp, the row read once for each reduction.
#include <Eigen/Core>

#include "bench/kernel/logits_peers/rows.hpp"

namespace {

using namespace bench;
using array = Eigen::ArrayXf;
using row = Eigen::Map<const array>;

struct eigen {
    static row_scores scores(const float* z, std::int64_t vocabulary, bool entropy) {
        const row x(z, vocabulary);
        row_scores r;
        r.largest = x.maxCoeff();
        if (!entropy) {
            r.sum = (x - r.largest).exp().sum();
            return r;
        }
        array& e = kept(vocabulary);
        e = (x - r.largest).exp();
        r.sum = e.sum();
        r.entropy = std::log(r.sum) - (e * (x - r.largest)).sum() / r.sum;
        return r;
    }
    static void gradient(const float* z, std::int64_t vocabulary, const row_scores& r, row_slopes of, float* to) {
        const row x(z, vocabulary);
        Eigen::Map<array> d(to, vocabulary);
        const float shift = r.largest + std::log(r.sum);
        if (of.d_entropy == 0)
            d = (x - shift).exp() * -of.d_log_prob;
        else  // scores left exp(x - largest) in the kept row
            d = kept(vocabulary) / r.sum * (-of.d_log_prob - of.d_entropy * (x - shift + r.entropy));
    }
    static float kl(const float* z, const float* other, std::int64_t vocabulary) {
        const row x(z, vocabulary), y(other, vocabulary);
        const row_scores a = scores(z, vocabulary, false), b = scores(other, vocabulary, false);
        const float of_x = a.largest + std::log(a.sum), of_y = b.largest + std::log(b.sum);
        return ((x - of_x).exp() * ((x - of_x) - (y - of_y))).sum();
    }

  private:
    static array& kept(std::int64_t vocabulary) {
        static thread_local array e;
        if (e.size() != vocabulary) e.resize(vocabulary);
        return e;
    }
};

std::vector<contestant> peers(const shape& s, int threads) { return row_peer<eigen>::list("eigen", s, threads); }

const bool entered = enter("eigen", peers);

}  // namespace
