// The one customisation point: how a tensor of any library becomes a strided_view.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/strided_view.hpp>

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace reft::inline REFT_ABI {

/// Where a tensor's elements lie. Host kernels read `host` only.
enum class memory_space { host, device };

/// How a tensor type is shown to reft. Specialise it for your own type:
///
///     template <> struct reft::tensor_traits<my_matrix> {
///         static constexpr std::size_t rank = 2;
///         template <class M> static auto view(M& m) {           // M is my_matrix or const my_matrix
///             using T = std::remove_reference_t<decltype(*m.data())>;
///             return reft::strided_view<T, 2>(m.data(), {m.rows(), m.cols()}, {m.row_stride(), 1});
///         }
///     };
///
/// Optional members: `static memory_space space(const X&)` for types that may lie on a device, and
/// `static constexpr bool borrowed = true` for non-owning types, of which a temporary may be passed.
template <class X>
struct tensor_traits;

namespace detail {

template <class X>
using traits_of = tensor_traits<std::remove_cvref_t<X>>;

template <class X>
concept has_traits = requires(X& x) {
    { traits_of<X>::rank } -> std::convertible_to<std::size_t>;
    traits_of<X>::view(x);
};

template <class X>
constexpr bool borrowed = [] {
    if constexpr (requires { traits_of<X>::borrowed; })
        return traits_of<X>::borrowed;
    else
        return false;
}();

template <class X>
void require_host(const X& x) {
    if constexpr (requires { traits_of<X>::space(x); })
        if (traits_of<X>::space(x) != memory_space::host)
            throw device_error(
                "reft: a function that runs on the host was given a tensor in device memory. Copy it to the host "
                "first, or call the loss in a kernel of your own (docs/gpu.md)");
}

}  // namespace detail

/// A type that `tensor_traits` knows: it has storage and can be viewed without a copy.
template <class X>
concept tensor = detail::has_traits<std::remove_reference_t<X>>;

/// A tensor whose number of dimensions is `Rank`, known at compile time.
template <class X, std::size_t Rank>
concept tensor_of_rank = tensor<X> && detail::traits_of<X>::rank == Rank;

/// The view of a tensor. Copies nothing; `const` tensors give views of `const`.
/// Refused at compile time: types without traits (expressions that have no storage: evaluate them first) and
/// temporaries that own their storage. Throws device_error if the tensor does not lie in host memory.
template <class X>
auto view(X&& x) {
    static_assert(tensor<X>,
                  "reft::view: this type has no reft::tensor_traits. Include the adapter of its library "
                  "(<reft/adapters/...>), specialise tensor_traits for it, or, if it is an unevaluated expression, "
                  "evaluate it into a tensor first.");
    if constexpr (tensor<X>) {
        static_assert(std::is_lvalue_reference_v<X> || detail::borrowed<X>,
                      "reft::view: the view of a temporary that owns its storage would dangle. Keep the tensor in a "
                      "variable.");
        detail::require_host(x);
        return detail::traits_of<X>::view(x);
    }
}

/// The scalar type of a tensor.
template <class X>
using scalar_t = typename decltype(view(std::declval<std::remove_reference_t<X>&>()))::value_type;

/// A view is a tensor too.
template <class T, std::size_t Rank>
struct tensor_traits<strided_view<T, Rank>> {
    static constexpr std::size_t rank = Rank;                                 ///< of the view
    static constexpr bool borrowed = true;                                    ///< a temporary view may be passed
    static constexpr auto view(const strided_view<T, Rank>& x) { return x; }  ///< itself
};

/// Per-token arrays of real numbers: `[tokens]` (packed) or `[batch, time]` (padded).
template <class X>
concept token_tensor = (tensor_of_rank<X, 1> || tensor_of_rank<X, 2>)&&scalar<scalar_t<X>>;

/// Per-token arrays in one form: `[batch, time]`, where a packed array is a single row `[1, tokens]`.
template <class T>
using token_view = strided_view<T, 2>;

/// Where a token lies in a token_view.
struct token_index {
    std::int64_t row = 0;     ///< 0 in a packed array
    std::int64_t column = 0;  ///< the position in the row, or in the packed array
};

/// A per-token array of rank 1 or 2 as a token_view.
template <class X>
    requires(tensor_of_rank<X, 1> || tensor_of_rank<X, 2>)
auto tokens_of(X&& x) {
    auto v = view(std::forward<X>(x));
    using T = typename decltype(v)::element_type;
    if constexpr (decltype(v)::rank == 2)
        return v;
    else
        return token_view<T>(v.data(), {1, v.extent(0)}, {0, v.stride(0)});
}

}  // namespace reft::inline REFT_ABI
