# Target header_check: every public header compiled alone, included twice, under the project's warnings.
# A header of a component that is left out is left out here too. Not part of `all`; a test and `./run lint` build it.
add_custom_target(header_check)

function(reft_check_header header)
    file(RELATIVE_PATH path "${PROJECT_SOURCE_DIR}/include" "${header}")
    if(path MATCHES "^reft/(models|io)/")
        set(component ${CMAKE_MATCH_1})
    elseif(path MATCHES "^reft/reward/program(/|_runner)")
        set(component program)
    elseif(path MATCHES "^reft/text/json_")
        set(component io)
    elseif(path MATCHES "^reft/adapters/([a-z]+)")
        set(component ${CMAKE_MATCH_1})
    else()
        set(component reft)
    endif()
    if(NOT TARGET reft::${component})
        return()
    endif()

    set(library header_check_${component})
    if(NOT TARGET ${library})
        add_library(${library} OBJECT EXCLUDE_FROM_ALL)
        target_link_libraries(${library} PRIVATE reft::${component})
        reft_own_target(${library})
        add_dependencies(header_check ${library})
    endif()
    set(reft_header "${path}")
    configure_file("${PROJECT_SOURCE_DIR}/cmake/header_check.cpp.in" "${PROJECT_BINARY_DIR}/header_check/${path}.cpp")
    target_sources(${library} PRIVATE "${PROJECT_BINARY_DIR}/header_check/${path}.cpp")
endfunction()

# Bodies of loops are part of the header that includes them.
list(FILTER reft_headers EXCLUDE REGEX "\\.inl$")
foreach(header IN LISTS reft_headers)
    reft_check_header("${header}")
endforeach()

# Under sanitizers nothing more would be found.
if(NOT REFT_SANITIZE)
    add_test(NAME "headers: each compiles alone"
        COMMAND "${CMAKE_COMMAND}" --build "${PROJECT_BINARY_DIR}" --target header_check --parallel 2)
    set_tests_properties("headers: each compiles alone" PROPERTIES LABELS headers PROCESSORS 2)
endif()
