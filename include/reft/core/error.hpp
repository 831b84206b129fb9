// Typed exceptions for the caller's mistakes, and the sentences in them.
#pragma once

#include <reft/core/config.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
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

/// A tensor whose element type is known only at run time has another one than was asked for.
struct dtype_error : error {
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
[[noreturn]] inline void refuse_shapes(std::string_view function, std::string_view name_a, const std::string& shape_a,
                                       std::string_view name_b, const std::string& shape_b) {
    std::string text(function);
    for (const std::string_view part :
         {std::string_view(": "), name_a, std::string_view(" is "), std::string_view(shape_a),
          std::string_view(" but "), name_b, std::string_view(" is "), std::string_view(shape_b)})
        text += part;
    throw shape_error(text);
}

template <class A, class B>
void require_same_shape(std::string_view function, std::string_view name_a, const A& a, std::string_view name_b,
                        const B& b) {
    if (a.extents() != b.extents()) refuse_shapes(function, name_a, shape_text(a), name_b, shape_text(b));
}

inline std::string number_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.10g", value);
    return text;
}

inline void require_option(bool holds, std::string_view function, std::string_view what, double value) {
    if (holds) return;
    throw option_error(std::string(function) + ": " + std::string(what) + ", but it is " + number_text(value));
}

/// Temperatures whose inverse is a usable float.
inline void require_temperature(std::string_view function, double temperature, std::string_view hint = "") {
    if (temperature >= 1e-6 && temperature <= 1e6) return;
    require_option(false, function, "temperature must be between 1e-6 and 1e6" + std::string(hint), temperature);
}

}  // namespace detail
}  // namespace reft::inline REFT_ABI
