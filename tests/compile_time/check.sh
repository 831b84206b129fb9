#!/usr/bin/env bash
# check.sh COMPILER INCLUDE_DIR LIMIT
# User CPU time of including reft.hpp against that of a few standard headers; fails above LIMIT times as much.
# The two take turns, so that a busy machine slows both; the minimum of three is what counts.
set -euo pipefail
compiler=$1 include_dir=$2 limit=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

user_seconds() {
    local TIMEFORMAT=%U
    { time "$compiler" -std=c++20 -O0 -fsyntax-only -I"$include_dir" "$here/$1" >&2; } 2>&1
}

baseline=() reft=()
for _ in 1 2 3; do
    baseline+=("$(user_seconds baseline.cpp)")
    reft+=("$(user_seconds reft.cpp)")
done

LC_ALL=C awk -v limit="$limit" -v baseline="${baseline[*]}" -v reft="${reft[*]}" '
    function minimum(list,    n, i, values, least) {
        n = split(list, values, " ")
        least = values[1] + 0
        for (i = 2; i <= n; ++i) if (values[i] + 0 < least) least = values[i] + 0
        return least
    }
    BEGIN {
        base = minimum(baseline); own = minimum(reft); ratio = own / base
        printf "reft.hpp %.2f s, standard headers %.2f s, ratio %.2f (limit %.1f)\n", own, base, ratio, limit
        exit !(ratio <= limit)
    }'
