#!/usr/bin/env bash
# run.sh TARGET SEEDS FOLDER: runs a fuzz target; in FOLDER it leaves the inputs with findings, as finding-...
#
# By itself the run is the same each time and short. With REFT_TEST_LONG it is a million runs that begin where the last
# long run ended.
set -euo pipefail
target=$1 seeds=$2 folder=$3
name=$(basename "$target")
mkdir -p "$folder" "$seeds"
# A single input may take five seconds: what takes longer is not linear.
options=(-max_len=4096 -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 "-artifact_prefix=$folder/finding-$name-")
if [[ -n ${REFT_TEST_LONG-} ]]; then
    found=$folder/corpus-$name
    mkdir -p "$found"
    options+=(-runs=1000000)
else
    found=$(mktemp -d)
    trap 'rm -rf "$found"' EXIT
    options+=(-runs="${REFT_FUZZ_RUNS-10000}" -max_total_time=5 -seed=1)
fi
export ASAN_OPTIONS=detect_leaks=1
"$target" "${options[@]}" "$found" "$seeds" 2>&1 | grep -Ev '^#[0-9]+[[:space:]]+(NEW|REDUCE|RELOAD|pulse)|NEW_FUNC' | tail -n 60
exit "${PIPESTATUS[0]}"
