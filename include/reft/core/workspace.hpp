// Scratch memory that the caller owns, so that no kernel allocates.
#pragma once

#include <reft/core/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace reft::inline REFT_ABI {

/// A block of memory, aligned to cache lines, that kernels borrow for the length of a call.
///
/// It grows only in `reserve`, which the caller calls; a kernel that needs more throws workspace_error with the
/// number of bytes. `workspace_bytes(...)` beside each kernel says how many that is.
class workspace {
  public:
    static constexpr std::size_t alignment = 64;  ///< bytes: a cache line, and the widest vector of x86-64

    workspace() = default;
    /// With room for `bytes`.
    explicit workspace(std::size_t bytes) { reserve(bytes); }
    workspace(workspace&&) = default;             ///< What is left behind is empty.
    workspace& operator=(workspace&&) = default;  ///< What is left behind is empty.

    /// Makes room for at least `bytes`; what was in it is lost if it has to grow.
    void reserve(std::size_t bytes) {
        if (bytes <= capacity()) return;
        lines_ = {};  // the old memory is free before there is new one
        lines_ = std::vector<line>((bytes + alignment - 1) / alignment);
    }

    std::size_t capacity() const { return lines_.size() * alignment; }  ///< bytes that a kernel may use
    /// Null before anything was reserved. What is constant is the block, not what is in it.
    std::byte* data() const { return lines_.empty() ? nullptr : const_cast<std::byte*>(lines_.data()->bytes); }

  private:
    struct alignas(alignment) line {
        std::byte bytes[alignment];
    };
    std::vector<line> lines_;
};

namespace detail {

constexpr std::size_t aligned_bytes(std::size_t bytes) {
    return (bytes + workspace::alignment - 1) / workspace::alignment * workspace::alignment;
}

/// Hands out consecutive arrays of a workspace during one call.
class scratch {
  public:
    scratch(const workspace& memory, std::size_t needed, std::string_view function) : next_(memory.data()) {
        if (needed > memory.capacity())
            throw workspace_error(std::string(function) + ": the workspace holds " + std::to_string(memory.capacity()) +
                                  " bytes but " + std::to_string(needed) +
                                  " are needed; call workspace.reserve(workspace_bytes(...)) once before the loop");
    }

    template <class T>
    T* array(std::int64_t size) {
        T* first = reinterpret_cast<T*>(next_);
        next_ += aligned_bytes(static_cast<std::size_t>(size) * sizeof(T));
        return first;
    }

  private:
    std::byte* next_;
};

}  // namespace detail
}  // namespace reft::inline REFT_ABI
