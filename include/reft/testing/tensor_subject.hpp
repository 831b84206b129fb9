// A tensor type under examination: how to make one, and the library's own way to its elements.
#pragma once

#include <reft/core/tensor_traits.hpp>
#include <reft/testing/checklist.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

namespace reft::inline REFT_ABI::detail {

template <std::size_t Rank>
using tensor_index = std::array<std::int64_t, Rank>;

template <class Make>
auto made_as(Make& make, const tensor_index<1>& s) {
    return make(s[0]);
}
template <class Make>
auto made_as(Make& make, const tensor_index<2>& s) {
    return make(s[0], s[1]);
}

template <class Element, class X>
auto element_at(Element& element, X& x, const tensor_index<1>& i) -> decltype(element(x, i[0])) {
    return element(x, i[0]);
}
template <class Element, class X>
auto element_at(Element& element, X& x, const tensor_index<2>& i) -> decltype(element(x, i[0], i[1])) {
    return element(x, i[0], i[1]);
}

/// How many extents make takes: 2 or 1; 0 if it takes neither.
template <class Make>
constexpr std::size_t extents_taken = std::is_invocable_v<Make&, std::int64_t, std::int64_t> ? 2
                                      : std::is_invocable_v<Make&, std::int64_t>             ? 1
                                                                                             : 0;

template <class Make, std::size_t Rank>
using tensor_made = std::remove_cvref_t<decltype(made_as(std::declval<Make&>(), tensor_index<Rank>{}))>;

template <class Make, std::size_t Rank>
constexpr bool makes_tensor_of_rank = [] {
    if constexpr (Rank == 0)
        return false;
    else
        return tensor_of_rank<tensor_made<Make, Rank>, Rank>;
}();

template <class Element, class Make, std::size_t Rank>
constexpr bool takes_indices = [] {
    if constexpr (makes_tensor_of_rank<Make, Rank>)
        return requires(Element& element, tensor_made<Make, Rank>& x) { element_at(element, x, tensor_index<Rank>{}); };
    else
        return false;
}();

template <std::size_t Rank, class Make, class Element>
struct tensor_subject {
    using index = tensor_index<Rank>;
    using tensor_type = tensor_made<Make, Rank>;
    using element_type = decltype(element_at(std::declval<Element&>(), std::declval<tensor_type&>(), index{}));
    using number = scalar_t<tensor_type&>;
    static constexpr std::size_t rank = Rank;
    static constexpr bool has_addresses =
        std::is_lvalue_reference_v<element_type> && std::same_as<std::remove_cvref_t<element_type>, number>;
    static constexpr bool is_writable = std::is_assignable_v<element_type, number>;

    Make& make;
    Element& element;

    auto made(const index& shape) const { return made_as(make, shape); }
    decltype(auto) at(tensor_type& x, const index& i) const { return element_at(element, x, i); }
};

/// Square ones would not tell rows from columns.
template <std::size_t Rank>
std::array<tensor_index<Rank>, 4> tensor_shapes() {
    if constexpr (Rank == 1)
        return {{{7}, {1}, {2}, {33}}};
    else
        return {{{3, 5}, {5, 3}, {1, 7}, {7, 1}}};
}

/// Calls body(index, number) for every element; the numbers are 1, 2, 3, ...
template <std::size_t Rank, class Body>
void for_each_index(const tensor_index<Rank>& s, Body&& body) {
    std::int64_t number = 0;
    for (std::int64_t i = 0; i < s[0]; ++i) {
        if constexpr (Rank == 1)
            body(tensor_index<1>{i}, ++number);
        else
            for (std::int64_t j = 0; j < s[1]; ++j) body(tensor_index<2>{i, j}, ++number);
    }
}

/// As an element of the tensor; 16-bit types are made of a float alone.
template <class T, class Number>
T number_of(const Number& x) {
    if constexpr (std::is_arithmetic_v<T>)
        return static_cast<T>(x);
    else
        return static_cast<T>(static_cast<float>(x));
}

/// What element `number` is given in a pass: its number, or, as a bool cannot hold it, one binary digit of it.
template <class T>
T mark_of(std::int64_t number, int pass) {
    if constexpr (std::same_as<T, bool>)
        return ((number >> pass) & 1) != 0;
    else
        return number_of<T>(number);
}

/// As many passes as tell every element from every other.
template <class T, std::size_t Rank>
int passes_over(const tensor_index<Rank>& shape) {
    if constexpr (!std::same_as<T, bool>) return 1;
    std::int64_t largest = 0;
    for_each_index(shape, [&](const auto&, std::int64_t number) { largest = number; });
    return static_cast<int>(std::bit_width(static_cast<std::uint64_t>(largest)));
}

/// Elements between the view's first and the one at this index.
template <class View, std::size_t Rank>
std::int64_t offset_in(const View& v, const tensor_index<Rank>& i) {
    std::int64_t offset = 0;
    for (std::size_t d = 0; d < Rank; ++d) offset += i[d] * v.stride(d);
    return offset;
}

/// "Element (1, 2) in a tensor of [3, 5], viewed with strides [5, 1],"
template <class View, std::size_t Rank>
std::string element_text(const View& v, const tensor_index<Rank>& shape, const tensor_index<Rank>& i) {
    const std::string index = shape_text(i.data(), Rank);
    return "Element (" + index.substr(1, index.size() - 2) + ") in a tensor of " + shape_text(shape.data(), Rank) +
           ", viewed with strides " + shape_text(v.strides().data(), Rank) + ",";
}

}  // namespace reft::inline REFT_ABI::detail
