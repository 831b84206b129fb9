#include <reft/core/float16.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/testing/check_tensor.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/toy_policies.hpp"
#include "testing/check_names.hpp"

namespace {

/// A vector whose bools are elements with addresses.
template <class Number>
class array_of {
  public:
    array_of() = default;
    explicit array_of(std::size_t n) : cells_(n) {}
    Number* data() { return &cells_.data()->x; }
    const Number* data() const { return &cells_.data()->x; }

  private:
    struct cell {
        Number x = Number();
    };
    std::vector<cell> cells_ = {};
};

/// A row-major matrix whose rows may be padded, with an element type that its glue may get wrong.
template <class Mistake, class Number = float>
struct matrix {
    std::int64_t rows = 0, columns = 0, pitch = 0;
    array_of<Number> cells = {};
    array_of<Number> shown = {};
    matrix(std::int64_t r, std::int64_t c)
        : rows(r), columns(c), pitch(c + 3), cells(static_cast<std::size_t>(r * pitch + 1)), shown(cells) {}
    Number& at(std::int64_t i, std::int64_t j) { return cells.data()[i * pitch + j]; }
};

struct none {
    template <class M>
    static auto view(M& m) {
        using T = std::remove_pointer_t<decltype(m.cells.data())>;
        return reft::strided_view<T, 2>(m.cells.data(), {m.rows, m.columns}, {m.pitch, 1});
    }
};
struct extents_swapped {
    template <class M>
    static auto view(M& m) {
        const auto v = none::view(m);
        return decltype(v)(v.data(), {m.columns, m.rows}, {1, m.pitch});
    }
};
struct padding_in_the_extent {
    template <class M>
    static auto view(M& m) {
        const auto v = none::view(m);
        return decltype(v)(v.data(), {m.rows, m.pitch}, {m.pitch, 1});
    }
};
struct nothing_for_empty_tensors {
    template <class M>
    static auto view(M& m) {
        const auto v = none::view(m);
        return m.rows * m.columns > 0 ? v : std::remove_const_t<decltype(v)>();
    }
};
struct padding_forgotten {
    template <class M>
    static auto view(M& m) {
        const auto v = none::view(m);
        return decltype(v)(v.data(), {m.rows, m.columns});
    }
};
struct strides_transposed {
    template <class M>
    static auto view(M& m) {
        const auto v = none::view(m);
        return decltype(v)(v.data(), {m.rows, m.columns}, {1, m.rows});
    }
};
struct strides_in_bytes {
    template <class M>
    static auto view(M& m) {
        const auto v = none::view(m);
        return decltype(v)(v.data(), {m.rows, m.columns}, {4 * m.pitch, 4});
    }
};
struct one_element_off {
    template <class M>
    static auto view(M& m) {
        const auto v = none::view(m);
        return decltype(v)(v.data() + 1, {m.rows, m.columns}, {m.pitch, 1});
    }
};
/// Shows a copy that it keeps: always the same one, so that only its contents tell.
struct copy_kept {
    template <class M>
    static auto view(M& m) {
        auto& copy = const_cast<std::remove_const_t<decltype(m.shown)>&>(m.shown);
        copy = m.cells;
        using T = std::remove_pointer_t<decltype(m.cells.data())>;
        return reft::strided_view<T, 2>(copy.data(), {m.rows, m.columns}, {m.pitch, 1});
    }
};
/// Shows a new copy each time.
struct copy_made {
    template <class M>
    static auto view(M& m) {
        static std::vector<std::remove_const_t<decltype(m.cells)>> copies;
        copies.push_back(m.cells);
        using T = std::remove_pointer_t<decltype(m.cells.data())>;
        return reft::strided_view<T, 2>(copies.back().data(), {m.rows, m.columns}, {m.pitch, 1});
    }
};
struct const_cast_away {
    template <class M>
    static auto view(const M& m) {
        return none::view(const_cast<M&>(m));
    }
};

}  // namespace

template <class Mistake, class Number>
struct reft::tensor_traits<matrix<Mistake, Number>> {
    static constexpr std::size_t rank = 2;
    template <class M>
    static auto view(M& m) {
        return Mistake::view(m);
    }
};

namespace {

using checks::names;
using checks::with_outcome;

template <class Mistake, class Number = float>
reft::check_report checked() {
    return reft::check_tensor([](std::int64_t r, std::int64_t c) { return matrix<Mistake, Number>(r, c); },
                              [](auto& m, std::int64_t i, std::int64_t j) -> auto& { return m.at(i, j); });
}

const std::string extents = "extents are those asked for", empty = "extents of 0 are shown",
                  same_memory = "two views are of the same memory",
                  constness = "a const tensor is viewed as const, in the same memory",
                  strides = "strides lead to the library's elements",
                  view_writes = "what the view writes, the library reads",
                  library_writes = "what the library writes, the view reads";

}  // namespace

TEST_CASE("right views of every kind pass") {
    const auto reference = [](auto& x, std::int64_t i) -> auto& { return x[static_cast<std::size_t>(i)]; };
    const reft::check_report reports[] = {
        checked<none>(),
        checked<none, bool>(),
        checked<none, reft::bfloat16>(),
        checked<none, reft::half>(),
        checked<none, std::int8_t>(),
        reft::check_tensor([](std::int64_t n) { return std::vector<double>(static_cast<std::size_t>(n)); }, reference),
        reft::check_tensor([](std::int64_t r, std::int64_t c) { return toy::matrix(r, c); },
                           [](toy::matrix& m, std::int64_t i, std::int64_t j) -> double& { return m.at(i, j); }),
    };
    for (const reft::check_report& report : reports) {
        INFO(report.text());
        CHECK(report.passed());
        CHECK(report.count(reft::check_outcome::held) == 7);
    }
}

TEST_CASE("every wrong view fails the check that is about it") {
    const auto fails = [](const reft::check_report& report, const names& expected) {
        INFO(report.text());
        CHECK(with_outcome(report, reft::check_outcome::failed) == expected);
    };
    fails(checked<extents_swapped>(), {extents, empty, strides});
    fails(checked<padding_in_the_extent>(), {extents, empty});
    fails(checked<nothing_for_empty_tensors>(), {empty});
    fails(checked<padding_forgotten>(), {strides});
    fails(checked<strides_transposed>(), {strides});
    fails(checked<strides_in_bytes>(), {strides});
    fails(checked<one_element_off>(), {strides});
    fails(checked<copy_kept>(), {strides});
    fails(checked<copy_made>(), {same_memory, constness, strides});
    fails(checked<const_cast_away>(), {constness});
}

TEST_CASE("a wrong stride is shown with the element, its place and the strides") {
    const reft::check_report report = checked<padding_forgotten>();
    const auto& c = report.checks[4];
    REQUIRE(c.name == strides);
    CHECK(
        c.detail ==
        "Element (1, 0) in a tensor of [3, 5], viewed with strides [5, 1], lies 32 bytes behind the view's first one; "
        "by the strides it would be 20.");
    CHECK(c.measured == 10 + 12 + 6);  // all but the first row of [3, 5], [5, 3] and [7, 1]
    CHECK(report.checks.back().outcome == reft::check_outcome::left_out);
}

TEST_CASE("a library that gives no references is read and written by its own means") {
    // as of a library on another device: set and get
    struct proxy {
        matrix<strides_transposed>& wrong;
        std::int64_t i, j;
        operator float() const { return wrong.at(i, j); }  // NOLINT(google-explicit-constructor)
        void operator=(float x) const { wrong.at(i, j) = x; }
    };
    const auto make = [](auto of) { return [of](std::int64_t r, std::int64_t c) { return decltype(of)(r, c); }; };
    const auto by_value = [](auto& m, std::int64_t i, std::int64_t j) { return m.at(i, j); };

    const auto right = reft::check_tensor(make(matrix<none>(0, 0)), by_value);
    INFO(right.text());
    CHECK(right.passed());
    CHECK(with_outcome(right, reft::check_outcome::left_out) == names{strides, library_writes});

    const auto copied = reft::check_tensor(make(matrix<copy_kept>(0, 0)), by_value);
    CHECK(with_outcome(copied, reft::check_outcome::failed) == names{view_writes});

    const auto transposed = reft::check_tensor(make(matrix<strides_transposed>(0, 0)),
                                               [](matrix<strides_transposed>& m, std::int64_t i, std::int64_t j) {
                                                   return proxy{m, i, j};
                                               });
    INFO(transposed.text());
    CHECK(with_outcome(transposed, reft::check_outcome::failed) == names{view_writes, library_writes});
}

TEST_CASE("truth values are told apart by their places") {
    // without addresses, so that only what is written and read shows where the elements are
    const auto checked_by_value = [](auto of) {
        using M = decltype(of);
        return reft::check_tensor([](std::int64_t r, std::int64_t c) { return M(r, c); },
                                  [](M& m, std::int64_t i, std::int64_t j) { return m.at(i, j); });
    };
    CHECK(checked_by_value(matrix<none, bool>(0, 0)).passed());
    const auto view_writes_fails = [](const reft::check_report& report) {
        INFO(report.text());
        CHECK(with_outcome(report, reft::check_outcome::failed) == names{view_writes});
    };
    view_writes_fails(checked_by_value(matrix<strides_transposed, bool>(0, 0)));
    view_writes_fails(checked_by_value(matrix<one_element_off, bool>(0, 0)));
    view_writes_fails(checked_by_value(matrix<padding_forgotten, bool>(0, 0)));
    view_writes_fails(checked_by_value(matrix<copy_kept, bool>(0, 0)));
}

TEST_CASE("a tensor that cannot be made fails the checks with the library's message") {
    const auto report = reft::check_tensor(
        [](std::int64_t n) -> std::vector<float> {
            if (n == 0) throw std::invalid_argument("extent must be positive");
            return std::vector<float>(static_cast<std::size_t>(n));
        },
        [](auto& x, std::int64_t i) -> auto& { return x[static_cast<std::size_t>(i)]; });
    CHECK(with_outcome(report, reft::check_outcome::failed) == names{empty});
    CHECK(report.checks[1].detail == "An exception came out of it: extent must be positive");
}
