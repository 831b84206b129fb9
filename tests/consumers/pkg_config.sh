#!/usr/bin/env bash
# pkg_config.sh COMPILER PKG_CONFIG PREFIX WORK
set -euo pipefail
compiler=$1 pkg_config=$2 prefix=$3 work=$4
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

export PKG_CONFIG_PATH=$prefix/share/pkgconfig
"$pkg_config" --exists --print-errors 'reft >= 0.1'
read -ra flags <<<"$("$pkg_config" --cflags --libs reft)"
mkdir -p "$work/pkg_config"
"$compiler" -std=c++20 "${flags[@]}" "$here/consumer.cpp" -o "$work/pkg_config/consumer"
"$work/pkg_config/consumer"
