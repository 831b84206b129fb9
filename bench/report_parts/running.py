"""Runs sessions and keeps what the programs said."""
import json
import os
import subprocess
import sys


class Failure(Exception):
    """A program did not do its work; its message is in the text."""


def progress(text):
    """One line that changes, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


# {(setting, pages): environment}: what a program has set before it started itself anew. The next one with the same
# setting starts with it, and loads LibTorch only once.
environments = {}


def keep_environment(session, context):
    variables = dict(v.split("=", 1) for v in context["variables"].split())
    environments[session.setting, session.pages] = os.environ | variables | {
        "REFT_BENCH_SETTING": session.setting, "REFT_BENCH_PAGES": session.pages}


def run(command, setting, pages):
    """What a program printed, which is JSON."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env=environments.get((setting, pages)))
    if done.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}\nended with {done.returncode}: {done.stderr.strip()}")
    try:
        return json.loads(done.stdout)
    except json.JSONDecodeError as error:
        raise Failure(f"{' '.join(map(str, command))}\nprinted something else than JSON: {error}")


def own_flags(session, setting, names):
    return [f"--shape={'x'.join(map(str, session.shape))}", f"--threads={session.threads}",
            f"--pages={session.pages}", f"--setting={setting}", f"--benchmark_filter={names}"]


def measure(folder, session):
    """The session's context, and its benchmarks: name parts, seconds of the fastest repetition, bytes, tokens."""
    output = run([folder / session.program, *own_flags(session, session.setting, session.names),
                  "--benchmark_enable_random_interleaving=true", f"--benchmark_repetitions={session.repetitions}",
                  f"--benchmark_min_time={session.seconds}", "--benchmark_format=json"],
                 session.setting, session.pages)
    keep_environment(session, output["context"])
    fastest = {}
    clock = "cpu_time" if session.threads == 1 else "real_time"
    for b in output["benchmarks"]:
        if b["run_type"] != "iteration":
            continue
        if b.get("error_occurred"):
            raise Failure(f"{b['name']}: {b['error_message']}")
        kernel, who, dtype = b["run_name"].split("/")[:3]
        seconds = b[clock] * {"ns": 1e-9, "us": 1e-6, "ms": 1e-3}[b["time_unit"]]
        known = fastest.get((kernel, who, dtype))
        if known is None or seconds < known["seconds"]:
            fastest[kernel, who, dtype] = {"seconds": seconds, "bytes": b["bytes"], "tokens": b["tokens"],
                                           "reference": b["label"]}
    return output["context"], fastest


def peak_memory(folder, session):
    """Bytes beyond inputs and outputs by (kernel, who, dtype). In LibTorch's default setting: temporaries that are
    pages of their own go back to the system, so the highest mark is what was needed at one time."""
    named = run([folder / session.program, *own_flags(session, "default", session.memory), "--peak_memory"],
                "default", session.pages)
    return {tuple(name.split("/")[:3]): size for name, size in named.items()}


def run_all(folder, sessions, say=progress):
    """[(session, context, benchmarks, memory)]; the programs that are not built; what failed, in words.

    A session that fails (the largest shape needs much memory) does not take the others with it.
    """
    results, absent, failures = [], [], []
    for i, session in enumerate(sessions):
        if not (folder / session.program).exists():
            if session.program not in absent:
                absent.append(session.program)
            continue
        say(f"[{i + 1}/{len(sessions)}] {session.title()}")
        try:
            context, benchmarks = measure(folder, session)
            memory = peak_memory(folder, session) if session.memory else {}
            results.append((session, context, benchmarks, memory))
        except Failure as failure:
            failures.append(f"{session.title()}: {failure}")
    say("")
    return results, absent, failures
