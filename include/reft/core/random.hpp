// Random numbers that belong to a place: the same (seed, purpose, step, row, position) gives the same number on
// every machine, in any order, on any number of threads.
#pragma once

#include <reft/core/config.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

/// Philox4x32-10, a counter-based generator: ten rounds of multiply, xor and key schedule.
///
/// Source    Salmon, Moraes, Dror, Shaw: Parallel Random Numbers: As Easy as 1, 2, 3. SC 2011.
constexpr std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::array<std::uint32_t, 2> key) {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t product0 = std::uint64_t{0xD2511F53u} * counter[0];
        const std::uint64_t product1 = std::uint64_t{0xCD9E8D57u} * counter[2];
        counter = {
            static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<std::uint32_t>(product1),
            static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<std::uint32_t>(product0)};
        key[0] += 0x9E3779B9u;
        key[1] += 0xBB67AE85u;
    }
    return counter;
}

/// What a random number is for; numbers of different purposes are independent. User code may use `user + k`.
enum class random_purpose : std::uint32_t { sampling, order, mini_batches, initialisation, data, voting, user = 1000 };

/// The place a random number belongs to.
struct random_place {
    random_purpose purpose = random_purpose::sampling;  ///< what the number is for
    std::uint32_t step = 0;                             ///< of the run, or an epoch
    std::uint32_t row = 0;                              ///< of all rows of the step, whatever batches they are cut into
    std::uint32_t position = 0;                         ///< within the row
};

/// 64 random bits of a place.
constexpr std::uint64_t random_bits(std::uint64_t seed, const random_place& place) {
    const auto words = philox({place.position, place.row, place.step, static_cast<std::uint32_t>(place.purpose)},
                              {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)});
    return (std::uint64_t{words[1]} << 32) | words[0];
}

/// Uniform in [0, 1), a multiple of 2⁻⁵³.
constexpr double uniform(std::uint64_t seed, const random_place& place) {
    return static_cast<double>(random_bits(seed, place) >> 11) * 0x1p-53;
}

/// The random numbers of one (seed, purpose, step) in sequence: for data, initialisation and shuffling.
class random_stream {
  public:
    /// Starts at row 0, position 0 of the step.
    explicit random_stream(std::uint64_t seed, random_purpose purpose = random_purpose::data, std::uint32_t step = 0)
        : seed_(seed), place_{purpose, step, 0, 0} {}

    /// The next 64 random bits.
    std::uint64_t bits() {
        const std::uint64_t result = random_bits(seed_, place_);
        if (++place_.position == 0) ++place_.row;
        return result;
    }

    /// Uniform in [0, 1), a multiple of 2⁻⁵³.
    double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

    /// Uniform in {0, ..., n-1}, without bias; n > 0.
    std::uint64_t below(std::uint64_t n) {
        const std::uint64_t rejected = (std::uint64_t{0} - n) % n;  // 2^64 mod n
        std::uint64_t draw = bits();
        while (draw < rejected) draw = bits();
        return draw % n;
    }

    /// Standard normal (Box and Muller).
    double normal() {
        const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
        return radius * std::cos(2.0 * std::numbers::pi * uniform());
    }

  private:
    std::uint64_t seed_;
    random_place place_;
};

/// 0, ..., n-1 in random order (Fisher and Yates).
inline std::vector<std::int64_t> random_order(std::int64_t n, random_stream stream) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int64_t>(i);
    for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[stream.below(i)]);
    return order;
}

}  // namespace reft::inline REFT_ABI
