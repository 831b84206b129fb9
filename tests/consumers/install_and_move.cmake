# cmake -DSOURCE=... -DBUILD=... -DWORK=... -DMOVED=... -P install_and_move.cmake
# An installation must not remember where it was made.
file(REMOVE_RECURSE "${WORK}/installed" "${MOVED}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/installed"
    COMMAND_ERROR_IS_FATAL ANY)
file(GLOB_RECURSE files "${WORK}/installed/*")
if(NOT files)
    message(FATAL_ERROR "nothing was installed")
endif()
foreach(file IN LISTS files)
    file(READ "${file}" text)
    foreach(place IN ITEMS "${SOURCE}" "${BUILD}" "${WORK}")
        string(FIND "${text}" "${place}" at)
        if(NOT at EQUAL -1)
            message(FATAL_ERROR "${file} names ${place}")
        endif()
    endforeach()
endforeach()
file(RENAME "${WORK}/installed" "${MOVED}")
