# cmake -DPROJECT=... -DVERSION=... -P versions.cmake
cmake_minimum_required(VERSION 3.25)

file(READ "${PROJECT}/packaging/vcpkg/reft/vcpkg.json" port)
string(JSON port_version GET "${port}" version)
file(STRINGS "${PROJECT}/CITATION.cff" lines REGEX "^version: ")
string(REGEX REPLACE "^version: *\"?([0-9.]+)\"?$" "\\1" citation_version "${lines}")
foreach(version IN ITEMS port_version citation_version)
    if(NOT ${version} STREQUAL VERSION)
        message(FATAL_ERROR "${version} is '${${version}}', include/reft/core/config.hpp says ${VERSION}")
    endif()
endforeach()
