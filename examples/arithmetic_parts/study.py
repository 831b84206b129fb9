#!/usr/bin/env python3
"""Runs the arithmetic demonstration with several seeds and writes the tables of docs/arithmetic.md and of the README.

usage: study.py PROGRAM FOLDER DOCUMENT README PICTURE

Every run has a folder of its own below FOLDER; a run whose folder has the same arguments and program is not repeated.
Nothing is written if the results miss what the document claims: see `check_claims`.
"""
import concurrent.futures
import hashlib
import json
import pathlib
import shutil
import statistics
import subprocess
import sys

SEEDS = [1, 2, 3, 4, 5]
RATE_SEEDS = [1, 2, 3]
# Step sizes that are compared, with the default among them.
WARM_UP_RATES, DEFAULT_WARM_UP = ["1e-3", "3e-3", "1e-2"], "3e-3"
CONTINUED_RATES, DEFAULT_CONTINUED = ["1e-3", "3e-3", "1e-2"], "3e-3"


def run(program, folder, arguments):
    """The results of one run, by (annotations, method)."""
    key = " ".join([hashlib.sha256(program.read_bytes()).hexdigest(), *arguments])
    done = folder / "arguments.txt"
    if not (done.exists() and done.read_text() == key):
        print("arithmetic", *arguments, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with open(folder / "output.txt", "w") as output:
            subprocess.run([program, "--out", folder, *arguments], check=True, stdout=output, stderr=subprocess.STDOUT)
        done.write_text(key)
    results = {(r["annotations"], r["method"]): r for r in json.loads((folder / "summary.json").read_text())["results"]}
    for record in map(json.loads, (folder / "timing.jsonl").read_text().splitlines()):
        if "phase" in record:
            result = results[record["annotations"], record["method"]]
            result["seconds"] = result.get("seconds", 0) + record["time"]["wall_seconds"]
    return results


def percent(share):
    return f"{100 * share:.1f}"


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
                     + ["| " + " | ".join(row) + " |" for row in rows])


def check_claims(runs):
    """What README and document say in words, on all seeds."""
    def of(annotations, method, measure):
        return [r[annotations, method][measure] for r in runs.values()]

    def gains(annotations, measure):
        return [a - b for a, b in zip(of(annotations, "ReFT", measure), of(annotations, "SFT continued", measure))]

    claims = {
        "uneven: ReFT is 15 points above SFT continued, greedy, on average": statistics.mean(gains("uneven", "greedy")) >= 0.15,
        "uneven: ReFT is above SFT continued on every seed, greedy": min(gains("uneven", "greedy")) > 0,
        "uneven: the same, sampled": min(gains("uneven", "sampled")) > 0 and statistics.mean(gains("uneven", "sampled")) >= 0.15,
        "uneven: no seed's KL reaches 10": max(of("uneven", "ReFT", "max_sequence_kl")) < 10,
        "clean: SFT continued is above ReFT on every seed, greedy": max(gains("clean", "greedy")) < 0,
    }
    for claim, holds in claims.items():
        print("holds: " if holds else "DOES NOT HOLD: ", claim)
    return all(claims.values())


def best_rate(runs, rates, method):
    return max(rates, key=lambda rate: statistics.mean(runs[rate, seed]["uneven", method]["dev"] for seed in RATE_SEEDS))


def seeds_table(runs, annotations):
    """Test accuracy of every seed and their means; says how far ReFT is above SFT continued."""
    methods = ["warm-up", "SFT continued", "ReFT"]
    measures = ["greedy", "sampled"]
    rows = []
    for seed, results in runs.items():
        of = {m: results[annotations, m] for m in methods}
        rows.append([float(of[m][x]) for x in measures for m in methods] + [
            of["ReFT"]["greedy"] - of["SFT continued"]["greedy"], of["ReFT"]["sampled"] - of["SFT continued"]["sampled"],
            of["ReFT"]["max_sequence_kl"], of["ReFT"]["response_length"], of["SFT continued"]["response_length"]])
    rows.append([statistics.mean(column) for column in zip(*rows)])
    names = [str(seed) for seed in runs] + ["mean"]
    shown = [[name, *map(percent, row[:6]), f"{100 * row[6]:+.1f}", f"{100 * row[7]:+.1f}",
              f"{row[10]:.0f}", f"{row[9]:.0f}", f"{row[8]:.1f}"] for name, row in zip(names, rows)]
    head = ["seed", *(f"{m}, {x}" for x in measures for m in methods), "greedy gain", "sampled gain",
            "length SFT", "length ReFT", "largest KL"]
    return table(head, shown)


def demo_table(results):
    """What the demonstration itself shows for one seed."""
    rows = [[annotations, method, percent(r["greedy"]), percent(r["sampled"]), r["found_at"],
             percent(r["dev"]), percent(r["last_dev"]), f"{r['response_length']:.0f}", f"{r['token_passes'] / 1e6:.1f}",
             f"{r['seconds']:.0f} s"]
            for (annotations, method), r in results.items()]
    return table(["annotations", "policy", "greedy, %", "sampled, %", "best on dev", "dev there, %", "dev at the end, %",
                  "response length", "million token passes", "time"], rows)


def means(runs, annotations):
    def mean(method, measure):
        return f"{100 * statistics.mean(r[annotations, method][measure] for r in runs.values()):.0f} %"
    return (f"{annotations} annotations, SFT continued {mean('SFT continued', 'greedy')} (sampled "
            f"{mean('SFT continued', 'sampled')}) and ReFT {mean('ReFT', 'greedy')} ({mean('ReFT', 'sampled')})")


def rates_table(runs, rates, method):
    """Accuracy on the development questions for each step size, the best in bold; `runs` is by (rate, seed)."""
    def dev(rate):
        return [runs[rate, seed]["uneven", method]["dev"] for seed in RATE_SEEDS]

    best = best_rate(runs, rates, method)
    rows = []
    for rate in rates:
        mean = percent(statistics.mean(dev(rate)))
        rows.append([rate, *map(percent, dev(rate)), f"**{mean}**" if rate == best else mean])
    return table(["step size", *(f"seed {s}" for s in RATE_SEEDS), "mean"], rows)


def phases_table(timing):
    sums = {}
    for record in map(json.loads, timing.read_text().splitlines()):
        if "phase" not in record:  # the times of a single step
            continue
        total = sums.setdefault(record["phase"], dict.fromkeys(["wall_seconds", "cpu_seconds", "positions"], 0))
        for name in total:
            total[name] += record["time"][name]
    everything = sum(t["wall_seconds"] for t in sums.values())
    rows = []
    for name, t in sums.items():
        speed = f"{t['positions'] / t['wall_seconds'] / 1000:.0f}" if t["positions"] else ""
        share = f"{100 * t['wall_seconds'] / everything:.1f} %"
        rows.append([name, share, speed, f"{t['cpu_seconds'] / t['wall_seconds']:.2f}"])
    return table(["phase", "share of the time", "thousand tokens/s", "processors busy of 2"], rows)


def replace(text, name, content):
    begin, end = f"<!-- {name}: written by ./run study -->", f"<!-- end of {name} -->"
    before, _, rest = text.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        sys.exit(f"the document has no place for {name}")
    return f"{before}{begin}\n\n{content}\n\n{end}{after}"


def main():
    program, folder, document, readme, picture = map(pathlib.Path, sys.argv[1:])
    program = program.resolve()
    rates = ["--sft-rate", DEFAULT_WARM_UP, "--continued-rate", DEFAULT_CONTINUED]
    # One after the other with two threads: these are timed.
    runs = {seed: run(program, folder / f"seed_{seed}", ["--seed", str(seed), "--threads", "2", *rates]) for seed in SEEDS}

    # Two at a time with one thread each.
    jobs = {"again": (folder / "seed_1_one_thread", ["--seed", "1", "--threads", "1", *rates])}
    for seed in RATE_SEEDS:
        uneven = ["--seed", str(seed), "--threads", "1", "--annotations", "uneven", *rates]
        for rate in set(WARM_UP_RATES) - {DEFAULT_WARM_UP}:
            jobs["warm-up", rate, seed] = (folder / f"warm_up_{rate}_seed_{seed}",
                                           [*uneven, "--updates", "1", "--sft-rate", rate])
        for rate in set(CONTINUED_RATES) - {DEFAULT_CONTINUED}:
            jobs["SFT continued", rate, seed] = (folder / f"continued_{rate}_seed_{seed}",
                                                 [*uneven, "--continued-rate", rate])
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        futures = {name: pool.submit(run, program, *job) for name, job in jobs.items()}
        others = {name: f.result() for name, f in futures.items()}

    def by_rate(method, default):
        results = {name[1:]: r for name, r in others.items() if name[0] == method}
        return results | {(default, seed): runs[seed] for seed in RATE_SEEDS}

    first, again = (folder / f / "metrics.jsonl" for f in ("seed_1", "seed_1_one_thread"))
    same = first.read_bytes() == again.read_bytes()
    if not same:
        sys.exit(f"{first} and {again} differ")
    lines = len(first.read_text().splitlines())
    for method, of_rates, default in [("warm-up", WARM_UP_RATES, DEFAULT_WARM_UP),
                                      ("SFT continued", CONTINUED_RATES, DEFAULT_CONTINUED)]:
        best = best_rate(by_rate(method, default), of_rates, method)
        if best != default:
            sys.exit(f"the step size of {method} is {default}, but {best} is better on the development questions")
    if not check_claims(runs):
        sys.exit("the results are not what the document says")

    text = document.read_text()
    text = replace(text, "uneven annotations", seeds_table(runs, "uneven"))
    text = replace(text, "clean annotations", seeds_table(runs, "clean"))
    text = replace(text, "step size of the warm-up",
                   rates_table(by_rate("warm-up", DEFAULT_WARM_UP), WARM_UP_RATES, "warm-up"))
    text = replace(text, "step size of SFT continued",
                   rates_table(by_rate("SFT continued", DEFAULT_CONTINUED), CONTINUED_RATES, "SFT continued"))
    text = replace(text, "phases", phases_table(folder / "seed_1" / "timing.jsonl"))
    text = replace(text, "same bytes", f"`metrics.jsonl` of seed 1 with two threads and with one, in another run: {lines} "
                                       "lines, the same bytes.")
    document.write_text(text)
    readme.write_text(replace(readme.read_text(), "results", (
        f"{demo_table(runs[1])}\n\nTest accuracy, seed 1. Means over seeds {SEEDS[0]} to {SEEDS[-1]}, greedy: "
        f"{means(runs, 'uneven')}; {means(runs, 'clean')}.")))
    shutil.copy(folder / "seed_1" / "learning_curves.svg", picture)
    print((folder / "seed_1" / "output.txt").read_text())


if __name__ == "__main__":
    main()
