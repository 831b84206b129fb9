# What each component needs of others, found in one way by the build and by find_package(reft).

set(reft_known_components models program io eigen cblas xtensor armadillo torch)

set(_reft_package_models Threads)
set(_reft_package_program Threads)
set(_reft_package_io nlohmann_json)
set(_reft_package_eigen Eigen3)
set(_reft_package_cblas BLAS)
set(_reft_package_xtensor xtensor)
set(_reft_package_armadillo Armadillo)
set(_reft_package_torch Torch)

# The targets that a component links. Packages that only set variables get a target here.
set(_reft_target_models Threads::Threads)
set(_reft_target_program Threads::Threads)
set(_reft_target_io nlohmann_json::nlohmann_json)
set(_reft_target_eigen Eigen3::Eigen)
set(_reft_target_cblas reft::needs_cblas)
set(_reft_target_xtensor xtensor)
set(_reft_target_armadillo reft::needs_armadillo)
set(_reft_target_torch reft::needs_torch)

function(_reft_target_of_variables name libraries includes)
    if(NOT TARGET reft::${name})
        add_library(reft::${name} INTERFACE IMPORTED GLOBAL)
        target_link_libraries(reft::${name} INTERFACE ${libraries})
        target_include_directories(reft::${name} INTERFACE ${includes})
    endif()
endfunction()

# reft_find_dependency(<component>)
# Looks for the package of a component; afterwards the target ${_reft_target_<component>} exists, or not.
# In a function, because packages set variables that concern nobody else.
function(reft_find_dependency component)
    set(package ${_reft_package_${component}})
    if(TARGET ${_reft_target_${component}})
        return()
    endif()
    set(CMAKE_MESSAGE_LOG_LEVEL WARNING) # QUIET does not silence LibTorch,
    set(FPHSA_NAME_MISMATCHED ON)        # nor this what it thinks of its own dependencies
    if(component STREQUAL "eigen")
        foreach(version IN ITEMS 3.4 5) # Eigen accepts requests for its own major version alone
            if(NOT TARGET Eigen3::Eigen)
                find_package(Eigen3 ${version} QUIET NO_MODULE GLOBAL)
            endif()
        endforeach()
        return()
    endif()
    find_package(${package} QUIET GLOBAL)
    if(component STREQUAL "armadillo" AND Armadillo_FOUND)
        _reft_target_of_variables(needs_armadillo "${ARMADILLO_LIBRARIES}" "${ARMADILLO_INCLUDE_DIRS}")
    elseif(component STREQUAL "cblas" AND BLAS_FOUND)
        # CMake looks for the Fortran functions alone. Some libraries have the C functions beside them, some have not.
        find_path(REFT_CBLAS_INCLUDE_DIR cblas.h PATH_SUFFIXES openblas)
        find_library(REFT_CBLAS_LIBRARY cblas)
        mark_as_advanced(REFT_CBLAS_INCLUDE_DIR REFT_CBLAS_LIBRARY)
        if(REFT_CBLAS_INCLUDE_DIR)
            set(libraries ${BLAS_LIBRARIES})
            if(REFT_CBLAS_LIBRARY)
                list(PREPEND libraries "${REFT_CBLAS_LIBRARY}")
            endif()
            _reft_target_of_variables(needs_cblas "${libraries}" "${REFT_CBLAS_INCLUDE_DIR}")
        endif()
    elseif(component STREQUAL "torch" AND Torch_FOUND)
        _reft_target_of_variables(needs_torch "${TORCH_LIBRARIES}" "${TORCH_INCLUDE_DIRS}")
    endif()
endfunction()
