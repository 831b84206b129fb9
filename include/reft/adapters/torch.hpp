// LibTorch tensors as views, and views as LibTorch tensors. Target reft::torch.
#pragma once

#include <reft/core/error.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/strided_view.hpp>

// The tensor alone: a sixth of the compile time of <torch/torch.h>, which may be included before or after.
#include <ATen/core/Tensor.h>
#include <ATen/ops/from_blob.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

namespace reft::inline REFT_ABI {
namespace detail {

/// LibTorch's name of an element type.
template <class T>
constexpr at::ScalarType torch_dtype() {
    using U = std::remove_const_t<T>;
    if constexpr (std::is_same_v<U, float>)
        return at::kFloat;
    else if constexpr (std::is_same_v<U, double>)
        return at::kDouble;
    else if constexpr (std::is_same_v<U, bfloat16>)
        return at::kBFloat16;
    else if constexpr (std::is_same_v<U, half>)
        return at::kHalf;
    else if constexpr (std::is_same_v<U, bool>)
        return at::kBool;
    else if constexpr (std::is_same_v<U, std::uint8_t>)
        return at::kByte;
    else if constexpr (std::is_same_v<U, std::int8_t>)
        return at::kChar;
    else if constexpr (std::is_same_v<U, std::int32_t>)
        return at::kInt;
    else if constexpr (std::is_integral_v<U> && std::is_signed_v<U> && sizeof(U) == 8)
        return at::kLong;
    else
        static_assert(sizeof(U) == 0, "reft::torch_view has no tensors of this element type");
}

inline std::string torch_shape_text(const at::Tensor& x) {
    return std::string(at::toString(x.scalar_type())) + " " +
           shape_text(x.sizes().data(), static_cast<std::size_t>(x.dim()));
}

inline void require_viewable(const at::Tensor& x, at::ScalarType dtype, std::size_t rank, bool written) {
    if (!x.defined()) throw value_error("torch_view: the tensor is undefined");
    if (!x.device().is_cpu())
        throw device_error("torch_view: the tensor is " + torch_shape_text(x) + " on " + x.device().str() +
                           "; copy it to the host first: x.cpu()");
    if (x.layout() != at::kStrided)
        throw value_error("torch_view: the tensor is " + torch_shape_text(x) +
                          " without strides; x.to_dense() has them");
    if (x.scalar_type() != dtype)
        throw dtype_error("torch_view: the tensor is " + torch_shape_text(x) + " but " +
                          std::string(at::toString(dtype)) + " was asked for; x.to(...) converts");
    if (x.dim() != static_cast<std::int64_t>(rank))
        throw shape_error("torch_view: the tensor is " + torch_shape_text(x) + " but rank " + std::to_string(rank) +
                          " was asked for");
    if (x.is_neg()) throw value_error("torch_view: the tensor is a lazy negation; x.resolve_neg() has the numbers");
    for (std::int64_t d = 0; written && d < x.dim(); ++d)
        if (x.stride(d) == 0 && x.size(d) > 1)
            throw value_error("torch_view: the tensor is " + torch_shape_text(x) +
                              " with elements that share memory; x.contiguous() can be written to");
    if (written && x.requires_grad())
        throw value_error("torch_view: the tensor is " + torch_shape_text(x) +
                          " and autograd follows it; a view to write through is one of x.detach()");
}

}  // namespace detail

/// The view of a LibTorch tensor, without a copy. Element type, rank and device of a tensor are known only at run time,
/// so they are asked for: `torch_view<const float, 2>(logits)`.
///
/// T is float, double, reft::bfloat16, reft::half, bool, std::uint8_t, std::int8_t, std::int32_t or std::int64_t;
/// const T to read. Any strides pass: slices, transposed tensors. The view is valid as long as the tensor's storage;
/// a temporary is refused at compile time.
///
/// Errors    dtype_error for another element type; shape_error for another rank; device_error if the tensor is not on
///           the CPU; value_error if it is undefined, sparse, a lazy negation, or, where T is not const, expanded, or
///           followed by autograd, which must know of every write.
template <class T, std::size_t Rank>
strided_view<T, Rank> torch_view(const at::Tensor& x) {
    detail::require_viewable(x, detail::torch_dtype<T>(), Rank, !std::is_const_v<T>);
    std::array<std::int64_t, Rank> extents{}, strides{};
    for (std::size_t d = 0; d < Rank; ++d) {
        extents[d] = x.size(static_cast<std::int64_t>(d));
        strides[d] = x.stride(static_cast<std::int64_t>(d));
    }
    return {static_cast<T*>(x.data_ptr()), extents, strides};
}

/// Refused: the view would outlive the tensor.
template <class T, std::size_t Rank>
void torch_view(const at::Tensor&&) {
    static_assert(sizeof(T) == 0,
                  "reft::torch_view: the view of a temporary tensor would dangle. Keep the tensor in a variable.");
}

/// A LibTorch tensor over the elements of a view, without a copy: what is given to `torch::autograd::backward`, or ids to
/// an embedding after `.to(torch::kLong)`. Valid as long as the elements. LibTorch has no tensors of const: whoever
/// writes to one that was made of a view of const writes to the elements.
template <class T, std::size_t Rank>
at::Tensor torch_tensor(const strided_view<T, Rank>& x) {
    using U = std::remove_const_t<T>;
    return at::from_blob(const_cast<U*>(x.data()), at::IntArrayRef(x.extents().data(), Rank),
                         at::IntArrayRef(x.strides().data(), Rank),
                         at::TensorOptions().dtype(detail::torch_dtype<T>()));
}

}  // namespace reft::inline REFT_ABI
