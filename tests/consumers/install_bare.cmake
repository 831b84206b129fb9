# cmake -DSOURCE=... -DWORK=... -DPREFIX=... -DCOMPILER=... -DPACKAGES=... -P install_bare.cmake
file(REMOVE_RECURSE "${WORK}/bare_build" "${PREFIX}")
set(options -DREFT_BUILD_TESTS=OFF -DREFT_BUILD_BENCH=OFF -DREFT_BUILD_EXAMPLES=OFF)
foreach(package IN LISTS PACKAGES)
    list(APPEND options "-DCMAKE_DISABLE_FIND_PACKAGE_${package}=ON")
endforeach()
execute_process(
    COMMAND "${CMAKE_COMMAND}" -S "${SOURCE}" -B "${WORK}/bare_build" "-DCMAKE_CXX_COMPILER=${COMPILER}" ${options}
    COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${WORK}/bare_build" --prefix "${PREFIX}" COMMAND_ERROR_IS_FATAL ANY)
