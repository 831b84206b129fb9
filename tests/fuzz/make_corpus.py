"""Writes the seeds of the fuzz targets: make_corpus.py DATA_FOLDER CORPUS_FOLDER

CORPUS_FOLDER/numbers, texts, programs and records get one file per seed. Without the data there are only the seeds
that stand here.
"""
import json
import sys
from pathlib import Path

SEEDS_PER_FILE = 40

NUMBERS = ["18", "-7", "1,080", "$18", "6%", "1/2", "3 1/2", "1_000.5e-3", "inf", "nan", "\u221218", "\u00bd", "\uff11\uff12.\uff15",
           "1.8 billion", "0.333333", "\\frac{840}{13}", "-$2.50", "$118 000", "9" * 400, "1e400", "\u00a05\u3000"]
TEXTS = ["The answer is \\boxed{\\frac{1}{2}}.", "so \\boxed{5} hours and \\boxed{20} minutes", "answer : c", "#### 2,125",
         "Therefore, the answer is <6%>.", "The answer is -666. Therefore, the answer is: 666.", "option C", "A: -1.8 billion",
         "\nAnswer reasoning:\nx\nTherefore, the answer is: 7", "a ) 24 , b ) 120 , c ) 625", "((((", "\\boxed{" * 30, "<<1+"]
PROGRAMS = ["ans = -7 // 2 + 7 % -3 ** 2", "def solution():\n    x = 0\n    for i in range(1, 9, 2):\n        x += i\n    return x / 3\n",
            "n = 9\nwhile n > 1:\n  if n % 2 == 0:\n    n //= 2\n  elif n == 7: break\n  else:\n    n -= 1\nans = n",
            "ans = max(1, round(2.675, 2)) if 1 < 2 <= 3 and not 0 else abs(-3)", "ans = (1 +\n 2)  # three\n"]
RECORDS = ["{}", "[]", "null", "{\"question\": 1}", "{\"question\": \"\\ud800\", \"answer\": \"#### 1\"}", "{\"a\": {\"a\": " * 60]

FILES = {
    "gsm8k_test": lambda r: {"texts": [r["answer"]], "numbers": [r["answer"].rsplit("#### ")[-1]]},
    "gsm8k_example_model_solutions": lambda r: {"texts": [r["175b_finetuning"]["solution"]],
                                                "numbers": [r["6b_finetuning"]["solution"].rsplit("A: ")[-1][:80]]},
    "svamp": lambda r: {"numbers": [str(r["Answer"])]},
    "svamp_ncot": lambda r: {"texts": [r["answer_cot"], r["answer_cot"] + "\nTherefore, the answer is: " + r["answer_value"]]},
    "svamp_pcot": lambda r: {"programs": [r["answer_cot"]]},
    "gsmhard_pcot": lambda r: {"programs": [r["code"]]},
    "svamp_pot_outputs": lambda r: {"programs": [r["generated"][0]]},
    "mathqa_test": lambda r: {"texts": [r["Rationale"], r["options"]], "numbers": [r["options"]]},
    "reft_mathqa_test_set": lambda r: {"texts": [r["question"]]},
}


def main():
    data, corpus = Path(sys.argv[1]), Path(sys.argv[2])
    seeds = {"numbers": NUMBERS[:], "texts": TEXTS[:], "programs": PROGRAMS[:], "records": RECORDS[:]}
    missing = []
    for name, parts in FILES.items():
        path = data / (name + ".jsonl")
        if not path.exists():
            missing.append(path.name)
            continue
        lines = path.read_text(encoding="utf-8").splitlines()
        for line in lines[:: max(1, len(lines) // SEEDS_PER_FILE)]:
            seeds["records"].append(line)
            for kind, texts in parts(json.loads(line)).items():
                seeds[kind].extend(texts)
    for kind, texts in seeds.items():
        folder = corpus / kind
        folder.mkdir(parents=True, exist_ok=True)
        for number, text in enumerate(texts):
            (folder / f"{number:04}").write_bytes(text.encode("utf-8", "surrogatepass"))
        print(f"{len(texts)} {kind}")
    if missing:
        print("without the data sets, which are not in " + str(data) + ": " + ", ".join(missing))


main()
