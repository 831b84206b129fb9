# cmake -DSOURCE=... -DCOMPILER=... -DARGUMENTS=... -P check.cmake
cmake_minimum_required(VERSION 3.25)

file(STRINGS "${SOURCE}" first_line LIMIT_COUNT 1)
if(NOT first_line MATCHES "^// expect: (.+)$")
    message(FATAL_ERROR "${SOURCE}: the first line must be `// expect: <regex>`")
endif()
set(expected "${CMAKE_MATCH_1}")

set(ENV{LC_ALL} C) # plain quotes in the messages
execute_process(COMMAND "${COMPILER}" ${ARGUMENTS} "${SOURCE}"
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(status EQUAL 0)
    message(FATAL_ERROR "${SOURCE} compiles, but should be refused with: ${expected}")
endif()
if(NOT output MATCHES "${expected}")
    message("${output}")
    message(FATAL_ERROR "${SOURCE} is refused, but not with: ${expected}")
endif()
