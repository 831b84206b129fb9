// Tests of loops that exist for several instruction sets.
#pragma once

#include <reft/core/instruction_set.hpp>

#include "support/catch.hpp"

namespace test {

/// Runs `body` with every instruction set that the machine has, and puts the choice back.
template <class Body>
void for_each_instruction_set(const Body& body) {
    const reft::instruction_set before = reft::instruction_set_in_use();
    for (const auto set :
         {reft::instruction_set::portable, reft::instruction_set::avx2, reft::instruction_set::avx512}) {
        if (reft::use_at_most(set) != set) continue;
        INFO("instruction set " << static_cast<int>(set));
        body();
    }
    reft::use_at_most(before);
}

}  // namespace test
