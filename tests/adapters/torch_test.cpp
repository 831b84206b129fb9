#include <reft/adapters/torch.hpp>
#include <reft/reft.hpp>

#include <cstdint>
#include <type_traits>
#include <vector>

#include "support/torch_catch.hpp"

using Catch::Matchers::Contains;

TEST_CASE("torch tensors are viewed in place, whatever their strides") {
    const torch::Tensor x = torch::arange(24, torch::kDouble).view({4, 6});
    const auto whole = reft::torch_view<const double, 2>(x);
    CHECK(whole.data() == x.data_ptr<double>());
    CHECK(whole.extents() == std::array<std::int64_t, 2>{4, 6});
    CHECK(whole(2, 3) == 15);

    const torch::Tensor transposed = x.t();
    const auto t = reft::torch_view<const double, 2>(transposed);
    CHECK(t.data() == x.data_ptr<double>());
    CHECK(t(3, 2) == 15);

    const torch::Tensor slice = x.slice(0, 1, 4, 2).slice(1, 1, 6, 2);  // rows 1, 3, columns 1, 3, 5
    const auto s = reft::torch_view<const double, 2>(slice);
    CHECK(s.extents() == std::array<std::int64_t, 2>{2, 3});
    CHECK(s(1, 2) == 23);

    const torch::Tensor same_row = x[2].expand({5, 6});
    CHECK(reft::torch_view<const double, 2>(same_row)(4, 1) == 13);
    const torch::Tensor cube = x.view({2, 2, 6});
    CHECK(reft::torch_view<const double, 3>(cube)(1, 0, 5) == 17);
}

TEST_CASE("what is written through a view of a torch tensor is in the tensor") {
    torch::Tensor x = torch::zeros({3}, torch::kFloat);
    reft::torch_view<float, 1>(x)[1] = 2.5f;
    CHECK(x[1].item<float>() == 2.5f);
    static_assert(std::is_const_v<decltype(reft::torch_view<const float, 1>(x))::element_type>);
}

TEST_CASE("ids, masks and 16-bit numbers of torch pass into reft") {
    const torch::Tensor ids = torch::tensor({2, 0, 1}, torch::kLong), mask = torch::tensor({1, 0, 1}) > 0;
    CHECK(reft::integer_view(reft::torch_view<const std::int64_t, 1>(ids))[0] == 2);
    CHECK(reft::integer_view(reft::torch_view<const bool, 1>(mask))[1] == 0);

    const torch::Tensor logits = torch::tensor({{1.0, 2.0, 4.0}, {0.5, -1.0, 0.25}, {-3.0, 0.0, 8.0}}, torch::kFloat);
    std::vector<float> expected(3), log_probs(3);
    const std::vector<float> ones(3, 1.0f);
    const auto id_view = reft::torch_view<const std::int64_t, 1>(ids);
    reft::token_log_probs(reft::token_logits(reft::torch_view<const float, 2>(logits), id_view), ones, expected);
    const auto same = [&](const auto& narrow_view) {
        reft::token_log_probs(reft::token_logits(narrow_view, id_view), ones, log_probs);
        return log_probs == expected;
    };
    const torch::Tensor brain = logits.to(torch::kBFloat16), half = logits.to(torch::kHalf);  // exact for these numbers
    CHECK(same(reft::torch_view<const reft::bfloat16, 2>(brain)));
    CHECK(same(reft::torch_view<const reft::half, 2>(half)));
}

TEST_CASE("a torch tensor over a view shares its elements and its strides") {
    std::vector<double> numbers{0, 1, 2, 3, 4, 5};
    const reft::strided_view<double, 2> columns(numbers.data(), {3, 2}, {1, 3});
    const torch::Tensor x = reft::torch_tensor(columns);
    CHECK(x.data_ptr() == numbers.data());
    CHECK(x.sizes() == torch::IntArrayRef({3, 2}));
    CHECK(x[1][1].item<double>() == 4);
    x[1][1] = 40;
    CHECK(numbers[4] == 40);
    const std::vector<std::int32_t> ids{7, 9};
    CHECK(reft::torch_tensor(reft::view(ids)).scalar_type() == torch::kInt);
}

TEST_CASE("derivatives of reft go into autograd from several outputs at once") {
    const torch::Tensor w = torch::tensor({1.0, 2.0, 3.0}, torch::dtype(torch::kDouble).requires_grad(true));
    const torch::Tensor squares = w * w, doubles = 2 * w;
    const std::vector<double> d_squares{1, 10, 100}, d_doubles{0.5, 0.25, 0.125};
    torch::autograd::backward({squares, doubles},
                              {reft::torch_tensor(reft::view(d_squares)), reft::torch_tensor(reft::view(d_doubles))});
    CHECK(w.grad()[0].item<double>() == 3);
    CHECK(w.grad()[1].item<double>() == 40.5);
    CHECK(w.grad()[2].item<double>() == 600.25);
}

TEST_CASE("a torch tensor of another kind than was asked for is refused by name") {
    const torch::Tensor x = torch::zeros({2, 3}, torch::kFloat);
    CHECK_THROWS_AS((reft::torch_view<const double, 2>(x)), reft::dtype_error);
    CHECK_THROWS_WITH((reft::torch_view<const double, 2>(x)), Contains("Float [2, 3]") && Contains("Double"));
    CHECK_THROWS_AS((reft::torch_view<const float, 1>(x)), reft::shape_error);
    CHECK_THROWS_WITH((reft::torch_view<const float, 1>(x)), Contains("Float [2, 3]") && Contains("rank 1"));

    const torch::Tensor elsewhere = torch::zeros({2, 3}, torch::device(torch::kMeta));
    CHECK_THROWS_AS((reft::torch_view<const float, 2>(elsewhere)), reft::device_error);
    CHECK_THROWS_WITH((reft::torch_view<const float, 2>(elsewhere)), Contains("meta") && Contains("x.cpu()"));

    const torch::Tensor nothing, sparse = x.to_sparse();
    CHECK_THROWS_AS((reft::torch_view<const float, 2>(nothing)), reft::value_error);
    CHECK_THROWS_WITH((reft::torch_view<const float, 2>(sparse)), Contains("to_dense"));
    const torch::Tensor negated = torch::imag(torch::complex(x, x + 1).conj());
    CHECK_THROWS_WITH((reft::torch_view<const float, 2>(negated)), Contains("resolve_neg"));
}

TEST_CASE("elements that share memory may be read but not written") {
    const torch::Tensor same_rows = torch::ones({3}).expand({5, 3}), one_row = torch::ones({3}).expand({1, 3});
    CHECK(reft::torch_view<const float, 2>(same_rows)(4, 2) == 1);
    CHECK_THROWS_AS((reft::torch_view<float, 2>(same_rows)), reft::value_error);
    CHECK_THROWS_WITH((reft::torch_view<float, 2>(same_rows)), Contains("Float [5, 3]") && Contains("contiguous"));
    CHECK(reft::torch_view<float, 2>(one_row)(0, 2) == 1);
}

TEST_CASE("what autograd follows may be read but not written") {
    const torch::Tensor w = torch::ones({2}, torch::requires_grad()), y = 2 * w;
    CHECK(reft::torch_view<const float, 1>(y)[1] == 2);
    CHECK_THROWS_AS((reft::torch_view<float, 1>(y)), reft::value_error);
    CHECK_THROWS_WITH((reft::torch_view<float, 1>(w)), Contains("detach"));
    const torch::Tensor detached = y.detach();
    CHECK(reft::torch_view<float, 1>(detached)[0] == 2);
}
