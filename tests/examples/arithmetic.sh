#!/usr/bin/env bash
# The demonstration as its user meets it: results, determinism, wrong arguments, Ctrl-C, a folder that cannot be written.
# usage: arithmetic.sh PROGRAM FOLDER
set -euo pipefail
program=$1 folder=$2
small=(--train 150 --dev 20 --test 20 --warm-up-epochs 2 --clean-warm-up-epochs 1 --updates 2)
rm -rf "$folder"
mkdir -p "$folder"

fail() { echo "arithmetic.sh: $*" >&2; exit 1; }

# status_of ARGS...   Exit status; stdout and stderr are in $folder/output.
status_of() {
    local status=0
    "$program" "$@" >"$folder/output" 2>&1 || status=$?
    echo $status
}
says() { grep -qF -- "$1" "$folder/output" || fail "nowhere says: $1"; }

# Everything is there, and does not depend on the number of threads.
for threads in 1 2; do
    [[ $(status_of "${small[@]}" --threads $threads --out "$folder/$threads") == 0 ]] || fail "failed with $threads threads"
done
for file in metrics.jsonl timing.jsonl summary.json learning_curves.svg; do
    [[ -s $folder/2/$file ]] || fail "$file was not written"
done
for file in metrics.jsonl summary.json learning_curves.svg; do
    cmp "$folder/1/$file" "$folder/2/$file" || fail "$file depends on the number of threads"
done
for line in "uneven, warm-up" "clean, SFT continued" "clean        ReFT" "processors busy"; do says "$line"; done
! grep -q $'\r' "$folder/output" || fail "a progress bar was drawn into a file"
records() { grep -c "$1" "$folder/2/metrics.jsonl"; }
[[ $(records '"method":"ReFT","train":{') == 4 ]] || fail "there is not one record for each of the updates"
[[ $(records '"method":"warm-up","train":{"step":') -ge 9 ]] || fail "there are no records of the steps of SFT"
[[ $(records '"test":{"greedy":{') == 6 ]] || fail "there is not one record of the test for each policy"
head -n 1 "$folder/2/metrics.jsonl" | grep -q '^{"settings":{"seed":1,' || fail "the first record is not the settings"
grep -q '</svg>' "$folder/2/learning_curves.svg" || fail "the picture is not whole"

# A wrong flag or value is a sentence and status 2.
[[ $(status_of --sed 3) == 2 ]] || fail "a wrong flag was accepted"
says "--sed"
[[ $(status_of --threads 0) == 2 ]] || fail "no threads were accepted"
says "--threads"
[[ $(status_of --annotations tidy) == 2 ]] || fail "unknown annotations were accepted"
says "tidy"
for wrong in "--seed -1" "--seed 1.5" "--seed 99999999999999999999" "--kl-coef nan" "--kl-coef -1" "--sft-rate inf" \
    "--reft-rate 0" "--answer-only 1.5" "--mistakes nan" "--updates 0" "--train -5" "--dev many"; do
    read -r flag value <<<"$wrong"
    [[ $(status_of "$flag" "$value") == 2 ]] || fail "$wrong was accepted"
    says "$flag"
    says "$value"
done
[[ $(status_of --help) == 0 ]] || fail "--help failed"
says "--kl-coef"

# --quick changes only what was not asked for by name, and the last of two values is taken.
[[ $(status_of "${small[@]}" --quick --annotations clean --seed 9 --seed 2 --out "$folder/no" --out "$folder/quick") == 0 ]] ||
    fail "--quick failed"
for setting in '"seed": 2' '"train": 150' '"updates": 2' '"clean_warm_up_epochs": 1'; do
    grep -qF "$setting" "$folder/quick/summary.json" || fail "--quick did not leave $setting"
done
[[ ! -e $folder/no ]] || fail "the first of two folders was written to"

# What was measured before an error is written, and nothing of an earlier run is left beside it. The error is a file
# that cannot grow, as on a full disk.
[[ $(trap '' XFSZ; ulimit -f 16; status_of "${small[@]}" --updates 40 --out "$folder/quick") == 1 ]] ||
    fail "a full disk went unnoticed"
says "writing to $folder/quick/metrics.jsonl failed"
[[ $(grep -c '"method"' "$folder/quick/summary.json") == 1 ]] || fail "the warm-up is not in the summary of a failed run"

# Where nothing can be written, that is said before the work.
echo "in the way" >"$folder/file"
[[ $(status_of "${small[@]}" --out "$folder/file/below") == 1 ]] || fail "a folder below a file was accepted"
says "arithmetic: "

# Ctrl-C: what was measured is written. Background jobs of a script ignore SIGINT unless it is set again.
set -m
"$program" --train 1000 --dev 20 --test 20 --updates 40 --warm-up-epochs 1 --out "$folder/interrupted" >"$folder/output" 2>&1 &
running=$!
set +m
for _ in $(seq 600); do
    ! grep -qs '"when":"update' "$folder/interrupted/metrics.jsonl" || break
    sleep 0.1
done
kill -INT $running
status=0
wait $running || status=$?
[[ $status == 130 ]] || fail "Ctrl-C ended with status $status"
says "(interrupted)"
for method in warm-up ReFT; do
    grep -q "\"$method\"" "$folder/interrupted/summary.json" || fail "the interrupted run has no result of $method"
done
! grep -q "SFT continued" "$folder/output" || fail "a method that had not begun is reported"

# A second Ctrl-C ends it at once; the results of an earlier run are gone by then.
mkdir "$folder/twice"
echo old >"$folder/twice/summary.json"
set -m
"$program" --train 1000 --dev 20 --test 2000 --updates 40 --warm-up-epochs 1 --out "$folder/twice" >"$folder/output" 2>&1 &
running=$!
set +m
for _ in $(seq 600); do
    ! grep -qs '"method":"ReFT"' "$folder/twice/metrics.jsonl" || break
    sleep 0.1
done
while kill -INT $running 2>/dev/null; do sleep 0.02; done
status=0
wait $running || status=$?
[[ $status == 130 ]] || fail "a second Ctrl-C ended with status $status"
[[ ! -e $folder/twice/summary.json ]] || fail "a second Ctrl-C did not end it, or an old summary was left"
