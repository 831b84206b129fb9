# cmake -DEXECUTABLE=... -DLABEL=... -DCATCH2_VERSION=... -DTESTS_FILE=... -P list_catch_tests.cmake
# Writes one add_test per TEST_CASE. Names are cut from the text one by one and never stand in a CMake list.
cmake_minimum_required(VERSION 3.25)

if(CATCH2_VERSION VERSION_LESS 3)
    set(list_arguments --list-test-names-only)
    set(run_arguments "--warn NoTests") # version 3 fails by itself when a name matches nothing
else()
    set(list_arguments --list-tests --verbosity quiet)
    set(run_arguments "")
endif()
# Version 2 returns the number of tests, so that the status says nothing.
execute_process(COMMAND "${EXECUTABLE}" ${list_arguments}
    OUTPUT_VARIABLE names ERROR_VARIABLE error RESULT_VARIABLE status)
if(NOT status MATCHES "^[0-9]+$" OR NOT error STREQUAL "")
    message(FATAL_ERROR "${EXECUTABLE} does not list its tests: ${status}\n${error}")
endif()

set(script "")
while(NOT names STREQUAL "")
    string(FIND "${names}" "\n" end)
    if(end EQUAL -1)
        string(LENGTH "${names}" end)
        string(APPEND names "\n")
    endif()
    string(SUBSTRING "${names}" 0 ${end} name)
    math(EXPR next "${end} + 1")
    string(SUBSTRING "${names}" ${next} -1 names)
    if(name STREQUAL "")
        continue()
    endif()

    # What Catch2 would read as part of its pattern language.
    string(REGEX REPLACE "([],[\\\\])" "\\\\\\1" pattern "${name}")
    # A flood of failures, from a loop over a million inputs, says no more than its beginning.
    string(APPEND script
        "add_test([==[${LABEL}/${name}]==] [==[${EXECUTABLE}]==] [==[${pattern}]==] ${run_arguments} --abortx 20)\n"
        "set_tests_properties([==[${LABEL}/${name}]==] PROPERTIES LABELS [==[${LABEL}]==] SKIP_REGULAR_EXPRESSION [==[SKIPPED[:,] ]==])\n")
endwhile()
file(WRITE "${TESTS_FILE}" "${script}")
