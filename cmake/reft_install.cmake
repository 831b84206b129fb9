# Each component is an export of its own, so that a user without Eigen can still find reft.
include(CMakePackageConfigHelpers)
set(reft_cmake_dir "${CMAKE_INSTALL_DATADIR}/cmake/reft")

install(TARGETS reft EXPORT reft-targets FILE_SET HEADERS)
install(EXPORT reft-targets NAMESPACE reft:: DESTINATION "${reft_cmake_dir}")

get_property(reft_components GLOBAL PROPERTY REFT_COMPONENTS)
foreach(component IN LISTS reft_components)
    install(TARGETS reft_${component} EXPORT reft-${component}-targets)
    install(EXPORT reft-${component}-targets NAMESPACE reft:: DESTINATION "${reft_cmake_dir}")
endforeach()

configure_package_config_file(cmake/reft-config.cmake.in "${PROJECT_BINARY_DIR}/reft-config.cmake"
    INSTALL_DESTINATION "${reft_cmake_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/reft-config-version.cmake"
    COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
    "${PROJECT_BINARY_DIR}/reft-config.cmake"
    "${PROJECT_BINARY_DIR}/reft-config-version.cmake"
    cmake/reft_dependencies.cmake
    DESTINATION "${reft_cmake_dir}")

# From the file to the headers, however deep both lie.
set(reft_pc_dir "${CMAKE_INSTALL_FULL_DATADIR}/pkgconfig")
file(RELATIVE_PATH reft_pc_to_prefix "${reft_pc_dir}" "${CMAKE_INSTALL_PREFIX}")
file(RELATIVE_PATH reft_pc_to_headers "${reft_pc_dir}" "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
cmake_path(NORMAL_PATH reft_pc_to_prefix)
configure_file(cmake/reft.pc.in "${PROJECT_BINARY_DIR}/reft.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/reft.pc" DESTINATION "${CMAKE_INSTALL_DATADIR}/pkgconfig")
