# cmake -DPYTHON=... -DCOMPILER=... -DPROJECT=... -DSOURCE=... -DWORK=... -P check.cmake
cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE "${WORK}")
foreach(folder IN ITEMS one again)
    execute_process(COMMAND "${PYTHON}" "${PROJECT}/packaging/amalgamate.py" "${WORK}/${folder}/reft/reft.hpp"
        COMMAND_ERROR_IS_FATAL ANY)
endforeach()
file(READ "${WORK}/one/reft/reft.hpp" one)
file(READ "${WORK}/again/reft/reft.hpp" again)
if(NOT one STREQUAL again)
    message(FATAL_ERROR "the same sources gave two different files")
endif()
if(one MATCHES "#include <reft/")
    message(FATAL_ERROR "the file includes another header of reft")
endif()

function(output_with include_dir program result)
    execute_process(
        COMMAND "${COMPILER}" -std=c++20 -O0 -ffp-contract=off
            -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Werror
            "-I${include_dir}" "${SOURCE}" -o "${program}"
        COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND "${program}" OUTPUT_VARIABLE output COMMAND_ERROR_IS_FATAL ANY)
    set(${result} "${output}" PARENT_SCOPE)
endfunction()

output_with("${PROJECT}/include" "${WORK}/normal" expected)
output_with("${WORK}/one" "${WORK}/amalgamated" output)
if(expected STREQUAL "" OR NOT output STREQUAL expected)
    message(FATAL_ERROR "expected:\n${expected}\nbut with one header:\n${output}")
endif()
