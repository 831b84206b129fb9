#!/usr/bin/env bash
# The LibTorch example in its quick form, and what it says to a wrong argument.
# usage: torch_policy.sh PROGRAM FOLDER
set -euo pipefail
program=$1

fail() { echo "torch_policy.sh: $*" >&2; exit 1; }

output=$("$program" --quick 2)
echo "$output"
for when in "after the warm-up" "after ReFT, as a logits policy" "after ReFT, as a log-prob policy"; do
    grep -qE "^$when +[0-9.]+ % of the sampled answers are right$" <<<"$output" || fail "nothing is said of: $when"
done

status=0
message=$("$program" --fast 2>&1) || status=$?
[[ $status == 2 ]] || fail "a wrong argument ended with status $status"
grep -q -- "--fast" <<<"$message" || fail "the wrong argument is not named"
