#!/usr/bin/env bash
# The example with few steps: it improves, twice the same, and a wrong argument is a sentence and status 2.
# usage: xtensor_policy.sh PROGRAM FOLDER
set -euo pipefail
program=$1 folder=$2
rm -rf "$folder"
mkdir -p "$folder"

fail() { echo "xtensor_policy.sh: $*" >&2; exit 1; }

"$program" 1 --quick >"$folder/first" || fail "accuracy did not rise"
"$program" --quick >"$folder/second" || fail "accuracy did not rise without a seed"
cmp "$folder/first" "$folder/second" || fail "seed 1, which is the default, does not give the same run again"
"$program" 2 --quick >"$folder/third" || fail "accuracy did not rise with seed 2"
! cmp -s "$folder/first" "$folder/third" || fail "the seed changes nothing"

for wrong in --fast 1x -1 ""; do
    status=0
    "$program" "$wrong" >"$folder/output" 2>&1 || status=$?
    [[ $status == 2 ]] || fail "status $status, not 2, for the argument \"$wrong\""
    grep -q "is neither a seed nor --quick" "$folder/output" || fail "no sentence about the argument \"$wrong\""
done
