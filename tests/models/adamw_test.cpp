#include <reft/models/adamw.hpp>

#include "support/catch.hpp"

#include <cmath>
#include <limits>
#include <vector>

using namespace reft;

namespace {

void step(std::vector<double>& parameters, const std::vector<double>& gradient, adamw_state<double>& state,
          double learning_rate, double gradient_scale = 1.0, const adamw_options& options = {}) {
    adamw_step<double>(parameters, gradient, state, learning_rate, gradient_scale, options);
}

}  // namespace

TEST_CASE("the first step moves every parameter by the learning rate against the gradient's sign") {
    // m̂ = g and √v̂ = |g|, whatever the size of the gradient: θ − lr·sign(g)
    std::vector<double> parameters{1.0, 1.0, 1.0};
    adamw_state<double> state(3);
    step(parameters, {3.0, -0.001, 0.0}, state, 0.1);
    CHECK(parameters[0] == Approx(0.9).epsilon(1e-8));
    CHECK(parameters[1] == Approx(1.1).epsilon(1e-5));
    CHECK(parameters[2] == 1.0);
    CHECK(state.steps == 1);
    CHECK(state.first_moment[0] == Approx(0.3));
    CHECK(state.second_moment[0] == Approx(0.009));
}

TEST_CASE("two steps by hand, with large decays that make the numbers easy") {
    // beta1 = beta2 = 1/2, g = 1 then 3:  m = 0.5, 1.75;  v = 0.5, 4.75;  corrections 1/2, 3/4
    std::vector<double> parameters{2.0};
    adamw_state<double> state(1);
    const adamw_options options{.beta1 = 0.5, .beta2 = 0.5, .epsilon = 1e-12, .weight_decay = 0.1};
    step(parameters, {1.0}, state, 0.5, 1.0, options);
    CHECK(parameters[0] == Approx(2.0 * 0.95 - 0.5));
    step(parameters, {3.0}, state, 0.5, 1.0, options);
    CHECK(parameters[0] == Approx(1.4 * 0.95 - 0.5 * (1.75 / 0.75) / std::sqrt(4.75 / 0.75)));
    CHECK(state.steps == 2);
}

TEST_CASE("the operations of torch.optim.AdamW, one after the other, over a hundred steps") {
    const adamw_options options{.beta1 = 0.9, .beta2 = 0.95, .epsilon = 1e-6, .weight_decay = 0.01};
    std::vector<double> parameters{0.3, -1.0};
    adamw_state<double> state(2);
    std::vector<double> theta = parameters, average(2), square(2);
    for (int t = 1; t <= 100; ++t) {
        const std::vector<double> gradient{std::sin(t), 0.01 * std::cos(3.0 * t)};
        step(parameters, gradient, state, 0.02, 0.5, options);
        for (std::size_t i = 0; i < 2; ++i) {
            const double g = 0.5 * gradient[i];
            theta[i] *= 1 - 0.02 * 0.01;                        // param.mul_(1 - lr * weight_decay)
            average[i] += (g - average[i]) * (1 - 0.9);         // exp_avg.lerp_(grad, 1 - beta1)
            square[i] = square[i] * 0.95 + (1 - 0.95) * g * g;  // exp_avg_sq.mul_().addcmul_()
            const double root = std::sqrt(square[i]) / std::sqrt(1 - std::pow(0.95, t)) + 1e-6;
            theta[i] += -(0.02 / (1 - std::pow(0.9, t))) * average[i] / root;  // param.addcdiv_(exp_avg, denom)
        }
    }
    CHECK(parameters[0] == Approx(theta[0]).epsilon(1e-12));
    CHECK(parameters[1] == Approx(theta[1]).epsilon(1e-12));
}

TEST_CASE("decay is decoupled: it does not enter the moments, and acts where the gradient is zero") {
    std::vector<double> parameters{4.0};
    adamw_state<double> state(1);
    step(parameters, {0.0}, state, 0.5, 1.0, {.weight_decay = 0.2});
    CHECK(parameters[0] == Approx(4.0 * 0.9));
    CHECK(state.first_moment[0] == 0.0);
}

TEST_CASE("a copied state continues as the original would") {
    std::vector<double> a{1.0, 2.0}, b;
    adamw_state<double> state_a(2);
    step(a, {0.1, -0.2}, state_a, 0.1);
    adamw_state<double> state_b = state_a;
    b = a;
    step(a, {0.3, 0.4}, state_a, 0.1);
    step(b, {0.3, 0.4}, state_b, 0.1);
    CHECK(a == b);
}

TEST_CASE("float is near double, also in the first steps where 1 - beta2 matters") {
    std::vector<float> parameters{0.5f};
    std::vector<double> reference{0.5};
    adamw_state<float> state(1);
    adamw_state<double> reference_state(1);
    for (int t = 1; t <= 20; ++t) {
        const double g = std::cos(t);
        const std::vector<float> gradient{static_cast<float>(g)};
        adamw_step<float>(parameters, gradient, state, 0.01);
        step(reference, {g}, reference_state, 0.01);
    }
    CHECK(static_cast<double>(parameters[0]) == Approx(reference[0]).epsilon(1e-6));
}

TEST_CASE("a gradient that is not finite is applied as it is") {
    std::vector<double> parameters{1.0, 1.0};
    adamw_state<double> state(2);
    step(parameters, {std::numeric_limits<double>::quiet_NaN(), 1.0}, state, 0.1);
    CHECK(std::isnan(parameters[0]));
    CHECK(parameters[1] == Approx(0.9));
}

TEST_CASE("adamw errors") {
    std::vector<double> parameters{1.0, 1.0};
    adamw_state<double> state(2);
    CHECK_THROWS_AS(step(parameters, {1.0}, state, 0.1), shape_error);
    CHECK_THROWS_AS(step(parameters, {1.0, 1.0}, state, 0.1, 1.0, {.beta1 = 1.0}), option_error);
    CHECK_THROWS_AS(step(parameters, {1.0, 1.0}, state, 0.1, 1.0, {.beta2 = -0.1}), option_error);
    CHECK_THROWS_AS(step(parameters, {1.0, 1.0}, state, 0.1, 1.0, {.epsilon = 0.0}), option_error);
    CHECK_THROWS_AS(step(parameters, {1.0, 1.0}, state, 0.1, 1.0, {.weight_decay = -1.0}), option_error);
    CHECK(state.steps == 0);
    adamw_state<double> other(3);
    CHECK_THROWS_AS(step(parameters, {1.0, 1.0}, other, 0.1), shape_error);
    std::vector<double> none;
    adamw_state<double> empty;
    CHECK_NOTHROW(step(none, {}, empty, 0.1));
}
