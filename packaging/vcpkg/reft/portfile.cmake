# An overlay port of the sources around it: vcpkg install reft --overlay-ports=packaging/vcpkg
set(SOURCE_PATH "${CURRENT_PORT_DIR}/../../..")

# A component whose package is not found is left out, so that a feature that is off says: do not look for it.
vcpkg_check_features(OUT_FEATURE_OPTIONS features
    INVERTED_FEATURES
        io        CMAKE_DISABLE_FIND_PACKAGE_nlohmann_json
        eigen     CMAKE_DISABLE_FIND_PACKAGE_Eigen3
        cblas     CMAKE_DISABLE_FIND_PACKAGE_BLAS
        xtensor   CMAKE_DISABLE_FIND_PACKAGE_xtensor
        armadillo CMAKE_DISABLE_FIND_PACKAGE_Armadillo
        torch     CMAKE_DISABLE_FIND_PACKAGE_Torch)

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        ${features}
        -DREFT_BUILD_TESTS=OFF
        -DREFT_BUILD_BENCH=OFF
        -DREFT_BUILD_EXAMPLES=OFF
        -DREFT_INSTALL=ON)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/reft)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug") # headers only
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
