#!/usr/bin/env python3
"""Instructions per element of the kernels, counted under valgrind, against those written down in counts.json.

    check.py PROGRAM            fails where a kernel needs 15 % more than written down
    check.py PROGRAM --update   writes down what it counts

Valgrind has no AVX-512, so what is counted is the code for AVX2. The count does not depend on the machine's load. Exit
status 77: valgrind is not there, or the processor has no AVX2.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

COUNTS = pathlib.Path(__file__).resolve().parent / "counts.json"
ALLOWED = 1.15
FEW, MANY = 1, 5


def instructions(program, kernel, repetitions):
    """All instructions of a run, and the elements of the kernel's problem."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", program, kernel, str(repetitions)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    count = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not count:
        raise SystemExit(f"{' '.join(command)} failed:\n{run.stderr}")
    return int(count[1]), int(run.stdout)


def per_element(program, kernel):
    few, elements = instructions(program, kernel, FEW)
    many, _ = instructions(program, kernel, MANY)
    return (many - few) / (MANY - FEW) / elements


def kernels_of(program):
    usage = subprocess.run([program], capture_output=True, text=True, check=False).stderr
    return usage.split("kernels:")[1].split()


def main():
    if len(sys.argv) < 2:
        raise SystemExit(__doc__.split("\n\n")[1])
    program, update = sys.argv[1], "--update" in sys.argv
    if not shutil.which("valgrind"):
        print("SKIPPED: valgrind is not installed")
        return 77
    if "avx2" not in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"):
        print("SKIPPED: the processor has no AVX2")
        return 77
    known = json.loads(COUNTS.read_text(encoding="utf-8")) if COUNTS.exists() else {}
    counted = {kernel: round(per_element(program, kernel), 3) for kernel in kernels_of(program)}
    if update:
        COUNTS.write_text(json.dumps(counted, indent=4) + "\n", encoding="utf-8")
    failed = False
    print(f"{'kernel':<20} {'counted':>9} {'written down':>13} {'ratio':>6}")
    for kernel, count in counted.items():
        before = counted[kernel] if update else known.get(kernel)
        ratio = count / before if before else float("inf")
        dearer = ratio > ALLOWED
        failed |= dearer
        print(f"{kernel:<20} {count:>9.3f} {before or 0:>13.3f} {ratio:>6.2f}{'  <- dearer' if dearer else ''}")
    if failed:
        print(f"A kernel needs more than {ALLOWED} times the instructions written down in {COUNTS.name}.")
    return failed


if __name__ == "__main__":
    sys.exit(main())
