#!/usr/bin/env python3
"""PyTorch 2 beside reft: its eager operations and what torch.compile makes of them.

The two take turns: a worker keeps PyTorch's functions ready, and between its rounds logits_bench runs. Ratios are those
of the fastest repetitions, CPU time of one thread. Every function's loss is checked before it is timed.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
KERNELS = ["log_prob", "log_prob_entropy", "ppo", "ppo_no_entropy", "cross_entropy"]
TUNED = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": "20000000000"}
CLIP_RANGE, ENTROPY_COEF = 0.2, 0.01


# --- the worker: everything with PyTorch ----------------------------------------------------------------------

def functions(torch):
    """{(kernel, form): function(problem) -> what is computed}; a loss is a scalar."""
    def chosen(x, ids):
        return x.gather(-1, ids.unsqueeze(-1)).squeeze(-1)

    def lean_log_prob(p):
        return chosen(p["logits"].log_softmax(-1), p["ids"])

    def trl_log_prob(p):
        return chosen(p["logits"], p["ids"]) - p["logits"].logsumexp(-1)

    def lean_both(p):
        ls = p["logits"].log_softmax(-1)
        return chosen(ls, p["ids"]), -(ls.exp() * ls).sum(-1)

    def trl_both(p):
        z = p["logits"]
        return chosen(z.log_softmax(-1), p["ids"]), z.logsumexp(-1) - (z.softmax(-1) * z).sum(-1)

    def masked_mean(x, p):
        return (x * p["mask"]).sum() / p["mask"].sum()

    def clipped(log_probs, p):
        ratio = (log_probs - p["old_log_probs"]).exp()
        loss = torch.maximum(-p["advantages"] * ratio, -p["advantages"] * ratio.clamp(1 - CLIP_RANGE, 1 + CLIP_RANGE))
        return masked_mean(loss, p)

    def ppo(both):
        def loss(p):
            log_probs, entropies = both(p)
            return clipped(log_probs, p) - ENTROPY_COEF * masked_mean(entropies, p)
        return loss

    cross_entropy = torch.nn.functional.cross_entropy
    return {("log_prob", "lean"): lean_log_prob, ("log_prob", "trl"): trl_log_prob,
            ("log_prob_entropy", "lean"): lean_both, ("log_prob_entropy", "trl"): trl_both,
            ("ppo", "lean"): ppo(lean_both), ("ppo", "trl"): ppo(trl_both),
            ("ppo_no_entropy", "lean"): lambda p: clipped(lean_log_prob(p), p),
            ("ppo_no_entropy", "trl"): lambda p: clipped(trl_log_prob(p), p),
            ("cross_entropy", "lean"): lambda p: cross_entropy(p["logits"], p["ids"]),
            ("cross_entropy", "trl"): lambda p: masked_mean(cross_entropy(p["logits"], p["ids"], reduction="none"), p)}


def problem_of(torch, tokens, vocabulary):
    torch.manual_seed(1)
    return {"logits": torch.randn(tokens, vocabulary).clamp(-3, 3),
            "ids": torch.arange(tokens) * 7919 % vocabulary,
            "old_log_probs": torch.full((tokens,), 2.4 - float(torch.tensor(float(vocabulary)).log())),
            "advantages": 0.5 + 0.1 * (torch.arange(tokens) % 7).float(),
            "mask": torch.ones(tokens)}


def jobs_of(torch, problem, compiled):
    """{(kernel, form): function()} that runs forward, and backward to the logits where there is a loss."""
    jobs = {}
    for (kernel, form), function in functions(torch).items():
        call = torch.compile(function, dynamic=False) if compiled else function
        jobs[kernel, form] = (forward_job if kernel.startswith("log_prob") else loss_job)(torch, call, problem)
    return jobs


def forward_job(torch, call, problem):
    def run():
        with torch.no_grad():
            return call(problem)
    return run


def loss_job(torch, call, problem):
    logits = problem["logits"].detach().requires_grad_(True)
    with_gradient = problem | {"logits": logits}

    def run():
        logits.grad = None
        loss = call(with_gradient)
        loss.backward()
        return loss.detach()
    return run


def check(torch, kernel, form, result, problem):
    """Against the same formulas in double."""
    wide = {k: v.double() if v.is_floating_point() else v for k, v in problem.items()}
    with torch.no_grad():
        expected = functions(torch)[kernel, "lean"](wide)
    for ours, theirs in zip(*(x if isinstance(x, tuple) else (x,) for x in (result, expected))):
        if not torch.allclose(ours.double(), theirs, rtol=1e-4, atol=1e-5):
            sys.exit(f"{kernel}, {form}: PyTorch's result differs from that in double")


def worker(tokens, vocabulary):
    """Says which functions are ready, then measures each once for every line that it reads."""
    import torch
    torch.set_num_threads(1)
    problem = problem_of(torch, tokens, vocabulary)
    jobs = {}
    for mode in ("eager", "compile"):
        for (kernel, form), run in jobs_of(torch, problem, mode == "compile").items():
            try:
                check(torch, kernel, form, run(), problem)
            except Exception as error:  # torch.compile needs a compiler, and may know nothing of this Python
                print(f"{kernel}, {form}, {mode}: left out, {str(error).splitlines()[0]}", file=sys.stderr)
                continue
            jobs[f"{kernel}/{form}/{mode}"] = run
    print(json.dumps({"version": torch.__version__, "capability": torch.backends.cpu.get_cpu_capability()}), flush=True)
    for _ in sys.stdin:
        print(json.dumps({name: cpu_seconds(run) for name, run in jobs.items()}), flush=True)


def cpu_seconds(run):
    """The fastest of a few runs, of a fifth of a second or three."""
    best, total, times = float("inf"), 0, 0
    while times < 3 or total < 0.2:
        begin = time.process_time()
        run()
        seconds = time.process_time() - begin
        best, total, times = min(best, seconds), total + seconds, times + 1
    return best


# --- the other side -------------------------------------------------------------------------------------------

def reft_seconds(program, shape):
    from report_parts import running, sessions
    session = sessions.Session(program.name, shape, names=f"^({'|'.join(KERNELS)})/reft/float/", repetitions=3)
    _, benchmarks = running.measure(program.parent, session)
    return {kernel: b["seconds"] for (kernel, _, _), b in benchmarks.items()}


def least(times, more):
    for name, seconds in more.items():
        times[name] = min(times.get(name, seconds), seconds)


def compare(program, shape, setting, rounds):
    variables = os.environ | (TUNED if setting == "tuned" else {})
    with subprocess.Popen([sys.executable, __file__, "--worker", *map(str, shape)], env=variables, text=True,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        first = other.stdout.readline()
        if not first:
            sys.exit("torch2: PyTorch did not start")
        about = json.loads(first)
        ours, theirs = {}, {}
        for _ in range(rounds):
            least(ours, reft_seconds(program, shape))
            other.stdin.write("again\n")
            other.stdin.flush()
            least(theirs, json.loads(other.stdout.readline()))
        other.stdin.close()
    return about, ours, theirs


def print_table(shape, setting, about, ours, theirs):
    from report_parts import tables
    columns = [(form, mode) for mode in ("eager", "compile") for form in ("lean", "trl")]
    rows = [[kernel, tables.number(1e3 * ours[kernel]),
             *(tables.number(seconds / ours[kernel]) if (seconds := theirs.get(f"{kernel}/{form}/{mode}")) else ""
               for form, mode in columns)] for kernel in KERNELS]
    print(f"\nPyTorch {about['version']} ({about['capability']}), {setting}, {tables.shape_text(shape)}, float, one "
          "thread: times faster\n")
    print(tables.table(["kernel", "reft, ms", *(f"{form}, {mode}" for form, mode in columns)], rows), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0], allow_abbrev=False)
    parser.add_argument("--shape", action="append", metavar="TOKENSxVOCABULARY", help="may be repeated")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side (default: 5)")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/bin/logits_bench")
    parser.add_argument("--worker", nargs=2, type=int, metavar=("TOKENS", "VOCABULARY"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.worker:
        return worker(*asked.worker)
    if importlib.util.find_spec("torch") is None:
        print("torch2: PyTorch is not installed for this Python, nothing to compare (pip install torch)")
        return None
    if not asked.program.exists():
        sys.exit(f"torch2: {asked.program} is not built: ./run bench logits_bench")
    shapes = [tuple(map(int, s.split("x"))) for s in asked.shape or ["512x512", "2048x4096", "2048x32000"]]
    for shape in shapes:
        for setting in ("tuned", "default"):
            print_table(shape, setting, *compare(asked.program.resolve(), shape, setting, asked.rounds))
    return None


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\ntorch2: interrupted", file=sys.stderr)
        sys.exit(130)
