# Target docs: the API reference in <build>/docs/html; not part of `all`. A test of the same settings, over the headers
# alone, fails where a public name has no comment.
find_package(Doxygen QUIET)

# reft_doxyfile(<name> <warnings> <page>...): writes <build>/<name>.doxyfile, whose output goes to <build>/<name>.
function(reft_doxyfile name warnings)
    list(TRANSFORM ARGN REPLACE "(.+)" "\"\\1\"")
    list(JOIN ARGN " " reft_docs_pages)
    set(reft_docs_warnings ${warnings})
    set(reft_docs_output "${PROJECT_BINARY_DIR}/${name}")
    file(MAKE_DIRECTORY "${reft_docs_output}")
    configure_file("${PROJECT_SOURCE_DIR}/docs/api/Doxyfile.in" "${PROJECT_BINARY_DIR}/${name}.doxyfile" @ONLY)
endfunction()

if(DOXYGEN_FOUND)
    reft_doxyfile(docs NO "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/docs")
    add_custom_target(docs COMMAND "${DOXYGEN_EXECUTABLE}" "${PROJECT_BINARY_DIR}/docs.doxyfile" VERBATIM)
endif()

if(REFT_BUILD_TESTS)
    if(DOXYGEN_FOUND)
        reft_doxyfile(docs_check FAIL_ON_WARNINGS)
        set(command "${DOXYGEN_EXECUTABLE}" "${PROJECT_BINARY_DIR}/docs_check.doxyfile")
    else()
        set(command "${CMAKE_COMMAND}" -E echo "SKIPPED: doxygen is not installed")
    endif()
    add_test(NAME "docs: every public name has its comment" COMMAND ${command})
    set_tests_properties("docs: every public name has its comment" PROPERTIES
        LABELS docs SKIP_REGULAR_EXPRESSION "SKIPPED: ")
endif()
