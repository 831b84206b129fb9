#include <reft/adapters/cblas_product.hpp>

#include "support/catch.hpp"
#include "support/matrix_multiplier_check.hpp"

TEMPLATE_TEST_CASE("a BLAS library multiplies for the linear head", "", float, double) {
    test::check_products<TestType>(reft::cblas_product());
    test::check_linear_head<TestType>(reft::cblas_product());
}
