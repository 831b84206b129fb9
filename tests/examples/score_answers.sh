#!/usr/bin/env bash
# score_answers PROGRAM FOLDER: answers of every format, a broken line, a pipe, wrong flags.
set -euo pipefail
program=$1 folder=$2
rm -rf "$folder" && mkdir -p "$folder" && cd "$folder"

fail() { echo "score_answers.sh: $*" >&2; exit 1; }

cat >answers.jsonl <<'LINES'
{"id": 1, "format": "ncot", "text": "9 * 2 = $<<9*2=18>>18\n#### 18", "gold": "18"}
{"id": "b", "format": "mcq", "text": "hence , the answer is c .", "gold": "c", "options": "a ) 24 , b ) 120 , c ) 625"}
{"id": "c", "format": "mcq", "text": "the answer is b", "gold": "A", "options": ["24", "120"]}
{"id": 3, "format": "boxed", "text": "thus \\boxed{\\frac{840}{13}} hours", "gold": "840/13"}
{"id": 4, "format": "pcot", "text": "def solution():\n    return 3 * 1.5", "gold": 4.5}
{"id": 5, "format": "ncot", "text": "Therefore, Tommy raises $221.", "gold": "221"}
{"id": 6, "format": "ncot", "text": "The answer is 0.", "gold": "0.002"}
{"id": 7, "format": "ncot", "text": "A: 1,080", "gold": "so 12 * 90 = 1080\nA: 1080"}

{"id": 8, "format": "ncot", "te
{"id": 9, "format": "verse", "text": "18", "gold": "18"}
LINES

cat >expected <<'LINES'
{"id":1,"answer":"18","reward":1.0,"marker":"hashes","reason":null}
{"id":"b","answer":"c","reward":1.0,"marker":"answer_is","reason":null}
{"id":"c","answer":"b","reward":0.1,"marker":"answer_is","reason":null}
{"id":3,"answer":"840/13","reward":1.0,"marker":"boxed","reason":null}
{"id":4,"answer":"4.5","reward":1.0,"marker":"program","reason":null}
{"id":5,"answer":null,"reward":0.0,"marker":null,"reason":"no_marker"}
{"id":6,"answer":"0","reward":0.1,"marker":"answer_is","reason":null}
{"id":7,"answer":"1080","reward":1.0,"marker":"answer_colon","reason":null}
LINES

"$program" answers.jsonl >out 2>table || fail "ended with $?"
diff expected out || fail "the lines differ"
grep -q '^2 broken lines were left out' table || fail "broken lines are not counted"
grep -q 'answers.jsonl:11: format: ' table || fail "a broken line is not named"
grep -Eq '^all +8 +5 +2 +1 ' table || fail "the table is wrong: $(cat table)"

"$program" --threads 1 <answers.jsonl 2>/dev/null | diff expected - || fail "a pipe gives something else"
"$program" --preset flexible answers.jsonl 2>/dev/null | grep -q '"id":5,"answer":"221","reward":1.0,"marker":"last_number"' ||
    fail "flexible does not read the last number"
"$program" --comparison paper answers.jsonl 2>/dev/null | grep -q '"id":6,"answer":"0","reward":1.0' ||
    fail "the paper accepts 0 for 0.002"

for wrong in "--presett strict" "--preset loose" "--threads x" "--timeout 0" "missing.jsonl"; do
    # shellcheck disable=SC2086
    if "$program" $wrong </dev/null >/dev/null 2>message; then fail "$wrong is accepted"; fi
    [[ -s message ]] || fail "$wrong is refused without a word"
done

# With a sandbox, what is more than arithmetic is run by Python; without one there is no verdict.
echo '{"id": 1, "format": "pcot", "text": "print(sum([1, 2, 3]))", "gold": "6"}' | "$program" >out 2>table
if grep -q '(unavailable)' table; then
    echo "score_answers.sh: no sandbox here, programs were not run" >&2
    grep -q '"reward":null' out || fail "without a sandbox there is a verdict: $(cat out)"
else
    grep -q '"answer":"6","reward":1.0' out || fail "the program is wrong: $(cat out table)"
fi
