# Flags of the project's own executables. Nothing here reaches a user of reft::reft.

set(REFT_SANITIZE "" CACHE STRING "Sanitizers of own targets, e.g. address,undefined")

set(reft_x86_64 OFF)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
    set(reft_x86_64 ON)
endif()
if(PROJECT_IS_TOP_LEVEL AND reft_x86_64 AND NOT CMAKE_CROSSCOMPILING)
    set(reft_host_isa_default ON)
else()
    set(reft_host_isa_default OFF)
endif()
option(REFT_HOST_ISA "Use AVX2 in own targets when this machine has it" ${reft_host_isa_default})

if(REFT_HOST_ISA AND reft_x86_64)
    include(CheckCXXSourceRuns)
    check_cxx_source_runs("
        int main() {
            return __builtin_cpu_supports(\"avx2\") && __builtin_cpu_supports(\"fma\")
                && __builtin_cpu_supports(\"bmi2\") ? 0 : 1;
        }" REFT_HOST_HAS_AVX2)
endif()

# reft_own_target(<name> [PLAIN])
# Warnings, machine flags, sanitizers and the output folder of one executable or object library. PLAIN: no machine flags.
function(reft_own_target name)
    set_target_properties(${name} PROPERTIES
        CXX_EXTENSIONS OFF
        RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
    if(NOT CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang")
        return()
    endif()
    target_compile_options(${name} PRIVATE
        -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow
        -ffp-contract=off) # results must not depend on where a compiler fuses a multiplication with an addition
    if(REFT_HOST_ISA AND REFT_HOST_HAS_AVX2 AND NOT "PLAIN" IN_LIST ARGN)
        # Not -march=native: AVX-512 brought nothing on a machine whose 512-bit operations take two cycles, and made
        # Eigen slower there.
        target_compile_options(${name} PRIVATE -march=x86-64-v3)
    endif()
    if(REFT_SANITIZE)
        # Without -Werror: instrumented code makes g++ warn where there is nothing to warn about.
        set(sanitize -fsanitize=${REFT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
        target_compile_options(${name} PRIVATE ${sanitize})
        target_link_options(${name} PRIVATE ${sanitize})
    else()
        target_compile_options(${name} PRIVATE -Werror)
    endif()
endfunction()
