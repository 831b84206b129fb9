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

# In full, on three seeds: the exit status says whether ReFT ended above its warm-up. Two minutes.
if [[ -n ${REFT_TEST_LONG-} ]]; then
    for seed in 1 2 3; do "$program" $seed || fail "seed $seed did not improve"; done
fi

status=0
message=$("$program" --fast 2>&1) || status=$?
[[ $status == 2 ]] || fail "a wrong argument ended with status $status"
grep -q -- "--fast" <<<"$message" || fail "the wrong argument is not named"
