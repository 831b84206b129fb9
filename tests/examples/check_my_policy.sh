#!/usr/bin/env bash
# What the example prints, and its exit status: right, broken, and called wrongly.
# usage: check_my_policy.sh PROGRAM FOLDER
set -euo pipefail
program=$1 folder=$2
rm -rf "$folder"
mkdir -p "$folder"

fail() { echo "check_my_policy.sh: $*" >&2; cat "$folder/output" >&2; exit 1; }
status_of() {
    local status=0
    "$program" "$@" >"$folder/output" 2>&1 || status=$?
    echo $status
}
says() { grep -qF -- "$1" "$folder/output" || fail "nowhere says: $1"; }

[[ $(status_of) == 0 ]] || fail "the right policy did not pass"
says "7 checks: 7 held, 0 failed, 0 left out"
says "38 held, 0 failed, 1 left out"
! grep -q FAILED "$folder/output" || fail "something failed"

[[ $(status_of --broken) == 1 ]] || fail "the broken policy did not exit with 1"
says "FAILED    first log-prob: prefill agrees with evaluate"
says "FAILED    gradient of log-probs by finite differences"
says "125 to 249, 275 to 299; the other blocks agree."
says "Begin with the first that failed"
[[ $(awk '{ if (length($0) > longest) longest = length($0) } END { print longest }' "$folder/output") -le 100 ]] ||
    fail "a line is longer than 100 columns"

[[ $(status_of --brocken) == 2 ]] || fail "a wrong flag was accepted"
says "usage:"
