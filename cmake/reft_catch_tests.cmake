# reft_catch_tests(<target> <label>)
# Every TEST_CASE of a Catch2 executable becomes the ctest `<label>/<name>`.
#
# Instead of catch_discover_tests, because of its CMake lists: one name with an unclosed bracket, "in [0, 1)", swallows
# all names after it, and Catch2 2 then passes the resulting nonsense as "no tests ran".
function(reft_catch_tests target label)
    set(tests_file "${CMAKE_CURRENT_BINARY_DIR}/${target}_tests.cmake")
    set(include_file "${CMAKE_CURRENT_BINARY_DIR}/${target}_include.cmake")
    add_custom_command(TARGET ${target} POST_BUILD
        COMMAND "${CMAKE_COMMAND}"
            "-DEXECUTABLE=$<TARGET_FILE:${target}>"
            "-DLABEL=${label}"
            "-DCATCH2_VERSION=${Catch2_VERSION}"
            "-DTESTS_FILE=${tests_file}"
            -P "${PROJECT_SOURCE_DIR}/cmake/list_catch_tests.cmake"
        BYPRODUCTS "${tests_file}"
        VERBATIM)
    file(WRITE "${include_file}"
        "if(EXISTS \"${tests_file}\")\n"
        "  include(\"${tests_file}\")\n"
        "else()\n"
        "  add_test(${target}_NOT_BUILT ${target}_NOT_BUILT)\n"
        "endif()\n")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${include_file}")
endfunction()
