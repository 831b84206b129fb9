// Typed exceptions for the caller's mistakes, and the sentences in them.
#pragma once

#include <reft/core/config.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

namespace reft::inline REFT_ABI {

/// Base of everything this library throws.
struct error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// Two arguments do not fit together, or one has the wrong extents.
struct shape_error : error {
    using error::error;
};

/// An option is outside its documented range.
struct option_error : error {
    using error::error;
};

/// A number is not finite, an id or an offset is out of range, where the contract forbids it.
struct value_error : error {
    using error::error;
};

/// A tensor lies in a memory space that the called kernel cannot read.
struct device_error : error {
    using error::error;
};

/// The workspace is smaller than the call needs; nothing has been written.
struct workspace_error : error {
    using error::error;
};

/// A file or stream is missing, unreadable or malformed.
struct file_error : error {
    using error::error;
};

namespace detail {

inline std::string shape_text(const std::int64_t* extents, std::size_t rank) {
    std::string text = "[";
    for (std::size_t i = 0; i < rank; ++i) text += (i ? ", " : "") + std::to_string(extents[i]);
    return text + "]";
}

template <class View>
std::string shape_text(const View& view) {
    return shape_text(view.extents().data(), view.extents().size());
}

/// "clipped_policy: log_probs is [8, 64] but advantages is [8, 63]"
template <class A, class B>
void require_same_shape(std::string_view function, std::string_view name_a, const A& a, std::string_view name_b,
                        const B& b) {
    if (a.extents() == b.extents()) return;
    throw shape_error(std::string(function) + ": " + std::string(name_a) + " is " + shape_text(a) + " but " +
                      std::string(name_b) + " is " + shape_text(b));
}

inline void require_option(bool holds, std::string_view function, std::string_view what, double value) {
    if (holds) return;
    throw option_error(std::string(function) + ": " + std::string(what) + ", but it is " + std::to_string(value));
}

}  // namespace detail
}  // namespace reft::inline REFT_ABI
