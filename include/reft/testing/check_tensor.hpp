// Whether tensor_traits shows a tensor as it is: same memory, extents, strides, const.
#pragma once

#include <reft/core/tensor_traits.hpp>
#include <reft/testing/checklist.hpp>
#include <reft/testing/tensor_subject.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

namespace reft::inline REFT_ABI {
namespace detail {

template <class View, std::size_t Rank>
void note_extents(violations& wrong, const View& v, const tensor_index<Rank>& shape) {
    wrong.note(v.extents() != shape, [&] {
        return "A tensor made as " + shape_text(shape.data(), Rank) + " has a view of " + shape_text(v) + ".";
    });
}

template <class Subject>
void check_extents(checklist& list, const Subject& subject) {
    const auto shapes = tensor_shapes<Subject::rank>();
    list.run("extents are those asked for", 0, "rows and columns are swapped, or the padded extent is given.", [&] {
        violations wrong;
        for (const auto& shape : shapes) {
            auto x = subject.made(shape);
            note_extents(wrong, view(x), shape);
        }
        return wrong.result();
    });
    list.run("extents of 0 are shown", 0,
             "an empty tensor gets a view of its own kind; its extents are read as others'.", [&] {
                 violations wrong;
                 for (std::size_t d = 0; d < Subject::rank; ++d) {
                     auto shape = shapes[0];
                     shape[d] = 0;
                     auto x = subject.made(shape);
                     note_extents(wrong, view(x), shape);
                 }
                 return wrong.result();
             });
}

template <class Subject>
void check_memory(checklist& list, const Subject& subject) {
    const auto shape = tensor_shapes<Subject::rank>()[0];
    list.run("two views are of the same memory", 0,
             "view() copies into something new. It must point at the elements that the tensor holds.", [&] {
                 auto x = subject.made(shape);
                 const auto a = view(x), b = view(x);
                 violations wrong;
                 wrong.note(a.data() != b.data(),
                            [] { return "Two views of one tensor begin at different addresses."; });
                 return wrong.result();
             });
    list.run("a const tensor is viewed as const, in the same memory", 0,
             "view(const M&) casts const away or copies; write one view(M&) whose M is deduced.", [&] {
                 auto x = subject.made(shape);
                 const auto v = view(x);
                 const auto c = view(std::as_const(x));
                 violations wrong;
                 wrong.note(!std::is_const_v<typename decltype(c)::element_type>,
                            [] { return "The view of a const tensor is writable."; });
                 wrong.note(static_cast<const void*>(c.data()) != static_cast<const void*>(v.data()) ||
                                c.extents() != v.extents() || c.strides() != v.strides(),
                            [] { return "The view of a const tensor has another address, other extents or strides."; });
                 return wrong.result();
             });
}

/// Distances in bytes; no element is touched, as the view may be wrong.
template <class Subject, std::size_t Rank>
void note_addresses(violations& wrong, const Subject& subject, const tensor_index<Rank>& shape) {
    auto x = subject.made(shape);
    const auto v = view(x);
    const auto first = reinterpret_cast<std::intptr_t>(v.data());
    for_each_index(shape, [&](const auto& i, std::int64_t) {
        const auto bytes = static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(&subject.at(x, i)) - first);
        const auto by_strides = offset_in(v, i) * static_cast<std::int64_t>(sizeof(typename Subject::number));
        wrong.note(bytes != by_strides, [&] {
            return element_text(v, shape, i) + " lies " + std::to_string(bytes) +
                   " bytes behind the view's first one; by the strides it would be " + std::to_string(by_strides) + ".";
        });
    });
}

enum class written_by { view, library };

/// " was given 3 through the view, but the library reads 4."
inline std::string written_text(written_by writer, double given, double read) {
    return " was given " + figure(given) +
           (writer == written_by::view ? " through the view, but the library reads "
                                       : " by the library, but the view reads ") +
           figure(read) + ".";
}

template <class Subject, std::size_t Rank>
void note_written(violations& wrong, const Subject& subject, const tensor_index<Rank>& shape, written_by writer) {
    using number = typename Subject::number;
    auto x = subject.made(shape);
    const auto v = view(x);
    for (int pass = 0; pass < passes_over<number>(shape); ++pass) {
        for_each_index(shape, [&](const auto& i, std::int64_t n) {
            if (writer == written_by::view) v.data()[offset_in(v, i)] = mark_of<number>(n, pass);
            if constexpr (Subject::is_writable)
                if (writer == written_by::library) subject.at(x, i) = mark_of<number>(n, pass);
        });
        for_each_index(shape, [&](const auto& i, std::int64_t n) {
            const auto given = static_cast<double>(mark_of<number>(n, pass));
            const auto read = writer == written_by::view ? static_cast<double>(number_of<number>(subject.at(x, i)))
                                                         : static_cast<double>(v.data()[offset_in(v, i)]);
            wrong.note(read != given, [&] { return element_text(v, shape, i) + written_text(writer, given, read); });
        });
    }
}

template <class Subject>
void check_written(checklist& list, const Subject& subject, written_by writer) {
    list.run(writer == written_by::view ? "what the view writes, the library reads"
                                        : "what the library writes, the view reads",
             0, "row- and column-major are mixed up, or the view is of a copy.", [&] {
                 if (writer == written_by::library && !Subject::is_writable)
                     return nothing_measured("What element(x, ...) gives cannot be assigned to.");
                 violations wrong;
                 for (const auto& shape : tensor_shapes<Subject::rank>()) note_written(wrong, subject, shape, writer);
                 return wrong.result();
             });
}

/// Returns whether the elements are where the view says, as far as that can be told.
template <class Subject>
bool check_strides(checklist& list, const Subject& subject) {
    bool in_place = true;
    list.run(
        "strides lead to the library's elements", 0,
        "strides count elements, not bytes; row- and column-major are mixed up; the padding of a row is forgotten; "
        "or the view is of a copy.",
        [&] {
            violations wrong;
            if constexpr (Subject::has_addresses) {
                for (const auto& shape : tensor_shapes<Subject::rank>()) note_addresses(wrong, subject, shape);
                in_place = wrong.result().measured == 0;
                return wrong.result();
            } else {
                return nothing_measured("element(x, ...) gives no reference to the view's scalar type.");
            }
        });
    return in_place;
}

template <std::size_t Rank, class Make, class Element>
check_report tensor_report(Make& make, Element& element) {
    const tensor_subject<Rank, Make, Element> subject{make, element};
    checklist list;
    check_extents(list, subject);
    check_memory(list, subject);
    if (check_strides(list, subject)) {
        check_written(list, subject, written_by::view);
        check_written(list, subject, written_by::library);
    } else {
        list.leave_out("what is written through view or library is read by the other",
                       "The view's elements are not the library's.");
    }
    return std::move(list.report());
}

}  // namespace detail

/// Checks the `tensor_traits` of a tensor type of rank 1 or 2.
///
///     make(rows, columns), or make(n)      a tensor of these extents, 0 included
///     element(x, i, j), or element(x, i)   its element by the library's own means: a reference if the library has one,
///                                          otherwise the number
///
/// A wrong view may point anywhere: where the library gives references, nothing is read or written through a view
/// whose addresses are not the library's.
template <class Make, class Element>
check_report check_tensor(Make&& make, Element&& element) {
    constexpr std::size_t rank = detail::extents_taken<Make>;
    constexpr bool makes = detail::makes_tensor_of_rank<Make, rank>, reads = detail::takes_indices<Element, Make, rank>;
    static_assert(makes,
                  "reft::check_tensor: make must take as many extents as the rank that tensor_traits gives the tensor "
                  "which it makes: (rows, columns) for rank 2, (n) for rank 1.");
    static_assert(!makes || reads,
                  "reft::check_tensor: element must take the tensor and as many indices as its rank: (x, i, j) for "
                  "rank 2, (x, i) for rank 1.");
    if constexpr (makes && reads)
        return detail::tensor_report<rank>(make, element);
    else
        return {};
}

}  // namespace reft::inline REFT_ABI
