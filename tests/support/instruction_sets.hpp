// Runs a test with every set of vector instructions that the machine has.
#pragma once

#include <reft/core/instruction_set.hpp>

namespace test {

template <class Body>
void with_each_instruction_set(const Body& body) {
    for (const auto most :
         {reft::instruction_set::portable, reft::instruction_set::avx2, reft::instruction_set::avx512})
        if (reft::use_at_most(most) == most) body();
    reft::use_at_most(reft::instruction_set::avx512);
}

}  // namespace test
