// The same test with every instruction set that the machine has.
#pragma once

#include <reft/core/instruction_set.hpp>

#include "support/catch.hpp"

namespace test {

template <class Body>
void with_each_instruction_set(Body&& body) {
    using enum reft::instruction_set;
    const auto before = reft::instruction_set_in_use();
    for (const auto wanted : {portable, avx2, avx512}) {
        if (reft::use_at_most(wanted) != wanted) continue;
        INFO("instruction set " << static_cast<int>(wanted));
        body();
    }
    reft::use_at_most(before);
}

}  // namespace test
