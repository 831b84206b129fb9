// Forwards to where releases before 0.26 keep this header.
#pragma once

#include <xtensor/xtensor.hpp>

#define REFT_TEST_XTENSOR_HEADERS_ARE_FORWARDED
