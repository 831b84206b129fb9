#!/usr/bin/env bash
# check.sh COMPILER INCLUDE_DIR LIMIT SOURCE BASELINE
# User CPU time of compiling SOURCE, without optimisation, against that of BASELINE; fails above LIMIT times as much.
# The two take turns, so that a busy machine slows both; the minimum of seven is what counts.
set -euo pipefail
compiler=$1 include_dir=$2 limit=$3 source=$4 baseline=$5

user_seconds() {
    local TIMEFORMAT=%U
    { time "$compiler" -std=c++20 -O0 -c -o /dev/null -I"$include_dir" "$1" >&2; } 2>&1
}

standard=() own=()
for _ in 1 2 3 4 5 6 7; do
    standard+=("$(user_seconds "$baseline")")
    own+=("$(user_seconds "$source")")
done

LC_ALL=C awk -v limit="$limit" -v standard="${standard[*]}" -v own="${own[*]}" -v name="$(basename "$source")" '
    function minimum(list,    n, i, values, least) {
        n = split(list, values, " ")
        least = values[1] + 0
        for (i = 2; i <= n; ++i) if (values[i] + 0 < least) least = values[i] + 0
        return least
    }
    BEGIN {
        base = minimum(standard); time = minimum(own); ratio = time / base
        printf "%s %.2f s, standard headers %.2f s, ratio %.2f (limit %.1f)\n", name, time, base, ratio, limit
        exit !(ratio <= limit)
    }'
