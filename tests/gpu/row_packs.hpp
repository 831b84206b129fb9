// A row of logits in packs of 16 bytes, the most that one instruction loads.
#pragma once

#include <reft/core/float16.hpp>
#include <reft/core/strided_view.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>

#include "gpu/lanes.hpp"

namespace gpu {

/// What one instruction of the device loads. (A memcpy from an aligned address became two or four.)
struct REFT_MAY_ALIAS bytes_16 {
    alignas(16) std::uint32_t words[4];
};

/// The device is told that nobody reads them soon, so that its caches keep the logits for their second reading.
REFT_DEVICE inline void store_16(bytes_16* to, const bytes_16& x) {
#if defined(__CUDA_ARCH__)
    __stcs(reinterpret_cast<uint4*>(to), make_uint4(x.words[0], x.words[1], x.words[2], x.words[3]));
#else
    *to = x;
#endif
}

/// The packs of a row begin where its memory is aligned to 16 bytes, so the first and the last may lie partly outside
/// the row. These, and all packs of a row whose elements are not neighbours, are read and written one by one.
template <class T>
class row_packs {
  public:
    using real = reft::accumulator_t<T>;
    static constexpr int width = 16 / sizeof(T);

    struct pack {
        real values[std::size_t{width}];
    };

    REFT_DEVICE explicit row_packs(const reft::strided_view<const T, 1>& row)
        : row_(row), before_(neighbours(row) ? static_cast<int>(address(row.data()) % 16 / sizeof(T)) : 0) {}

    REFT_DEVICE std::int64_t count() const { return (before_ + row_.extent(0) + width - 1) / width; }

    /// Which element of the row is the first of pack k; negative for a pack that begins before the row.
    REFT_DEVICE std::int64_t first(std::int64_t k) const { return k * width - before_; }
    REFT_DEVICE bool holds(std::int64_t j) const { return j >= 0 && j < row_.extent(0); }

    /// The elements of pack k; −∞ where it lies outside the row.
    REFT_DEVICE pack load(std::int64_t k) const {
        pack p;
        if (neighbours(row_) && inside(k)) {
            T elements[std::size_t{width}];
            const bytes_16 loaded = *reinterpret_cast<const bytes_16*>(row_.data() + first(k));
            std::memcpy(static_cast<void*>(elements), &loaded, sizeof elements);
            for (int i = 0; i < width; ++i) p.values[i] = static_cast<real>(elements[i]);
        } else {
            for (int i = 0; i < width; ++i)
                p.values[i] = holds(first(k) + i) ? static_cast<real>(row_[first(k) + i]) : -infinity;
        }
        return p;
    }

    /// Writes pack k to a row of the same extent. It may be the row itself.
    template <class D>
    REFT_DEVICE void store(std::int64_t k, const pack& p, const reft::strided_view<D, 1>& to) const {
        D elements[std::size_t{width}];
        for (int i = 0; i < width; ++i) elements[i] = static_cast<D>(static_cast<reft::accumulator_t<D>>(p.values[i]));
        if (neighbours(to) && inside(k) && address(to.data() + first(k)) % 16 == 0 && sizeof elements % 16 == 0) {
            bytes_16 stored[(sizeof elements + 15) / 16];
            std::memcpy(stored, elements, sizeof elements);
            for (std::size_t i = 0; i < sizeof elements / 16; ++i)
                store_16(reinterpret_cast<bytes_16*>(to.data() + first(k)) + i, stored[i]);
        } else {
            for (int i = 0; i < width; ++i)
                if (holds(first(k) + i)) to[first(k) + i] = elements[i];
        }
    }

  private:
    static constexpr real infinity = std::numeric_limits<real>::infinity();

    template <class U>
    REFT_DEVICE static bool neighbours(const reft::strided_view<U, 1>& row) {
        return row.stride(0) == 1;
    }
    REFT_DEVICE static std::uintptr_t address(const void* p) { return reinterpret_cast<std::uintptr_t>(p); }
    REFT_DEVICE bool inside(std::int64_t k) const { return first(k) >= 0 && first(k) + width <= row_.extent(0); }

    reft::strided_view<const T, 1> row_;
    int before_;  // elements of the first pack that lie before the row
};

}  // namespace gpu
