# cmake -DBUILD=... -DWORK=... -DMOVED=... -P install_and_move.cmake
# An installation must not remember where it was made.
file(REMOVE_RECURSE "${WORK}/installed" "${MOVED}" "${WORK}/find_package")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/installed"
    COMMAND_ERROR_IS_FATAL ANY)
file(RENAME "${WORK}/installed" "${MOVED}")
