#include <reft/adapters/eigen_product.hpp>

#include "support/catch.hpp"
#include "support/matrix_multiplier_check.hpp"

TEMPLATE_TEST_CASE("Eigen multiplies for the linear head", "", float, double) {
    test::check_products<TestType>(reft::eigen_product());
    test::check_linear_head<TestType>(reft::eigen_product());
}
