#!/usr/bin/env bash
# conan.sh CONAN RECIPE WORK
# Makes the package and runs its test package, with a home of its own and without any remote.
set -euo pipefail
conan=$1 recipe=$2 work=$3
if [[ $("$conan" --version) != *" 2."* ]]; then
    echo "SKIPPED: the recipe is for Conan 2, this is $("$conan" --version)"
    exit 0
fi
rm -rf "$work"
mkdir -p "$work"
export CONAN_HOME=$work/home
"$conan" profile detect >/dev/null 2>&1
"$conan" create "$recipe" --no-remote -s compiler.cppstd=20 -c tools.cmake.cmaketoolchain:user_presets= \
    -c "tools.cmake.cmake_layout:test_folder=$work/test_package"
