# cmake -DPROJECT=... -DBUILD=... -DEXPECTED=... -DOPTIONS=... -P refused.cmake
# Configuring the project must fail, with the sentence that is expected; where lines break does not matter.
file(REMOVE_RECURSE "${BUILD}")
execute_process(COMMAND "${CMAKE_COMMAND}" -S "${PROJECT}" -B "${BUILD}" ${OPTIONS}
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE error)
string(REGEX REPLACE "[ \n]+" " " sentences "${error}")
if(status EQUAL 0)
    message(FATAL_ERROR "configured, but should be refused with: ${EXPECTED}")
endif()
string(FIND "${sentences}" "${EXPECTED}" at)
if(at EQUAL -1)
    message(FATAL_ERROR "refused, but not with: ${EXPECTED}\n${error}")
endif()
