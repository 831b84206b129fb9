"""Runs the report over one small program and looks at everything that it writes.

usage: report_test.py PROJECT PROGRAM FOLDER
"""
import json
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree

FIELDS = {"kernel", "shape", "dtype", "threads", "ns_per_token", "share_of_bandwidth", "extra_bytes", "ratio"}
KERNELS = {"log_prob", "log_prob_entropy", "full_kl", "ppo", "ppo_to_buffer", "ppo_no_entropy",
           "ppo_no_entropy_to_buffer", "cross_entropy", "cross_entropy_to_buffer"}


def require(holds, what):
    if not holds:
        sys.exit(f"report_test: {what}")


def check_rows(rows):
    require({row["kernel"] for row in rows} == KERNELS, f"the kernels are {[row['kernel'] for row in rows]}")
    for row in rows:
        name = row["kernel"]
        require(set(row) == FIELDS, f"{name} has the fields {sorted(row)}")
        require((row["shape"], row["dtype"], row["threads"]) == ([8, 512], "float", 1), f"{name} is another problem")
        require(0 < row["ns_per_token"] < 1e7, f"{name} takes {row['ns_per_token']} ns for a token")
        require(0 < row["share_of_bandwidth"] < 2, f"{name} has {row['share_of_bandwidth']} of the bandwidth")
        require(0 <= row["extra_bytes"] < 2**20, f"{name} needs {row['extra_bytes']} bytes")
        require(row["ratio"].get("naive", 0) > 0, f"{name} stands beside {sorted(row['ratio'])}")


def check_document(project, document):
    text = document.read_text()
    titles = re.findall(r"<!-- (\w+): written by ./run bench -->", text)
    require(titles == ["machine", "kernels", "bandwidth", "memory", "threads", "builds", "growth", "errors", "missing"],
            f"the document has the sections {titles}")
    require("| log_prob " in text and "8x512" in text, "the document has no table")
    plain = re.compile(r"(<!-- (\w+): written by ./run bench -->).*?(<!-- end of \2 -->)", re.S)
    original = (project / "docs/performance.md").read_text()
    require(plain.sub(r"\1\3", text) == plain.sub(r"\1\3", original), "something between the sections has changed")


def check_interruption(report):
    """In a run that would take minutes."""
    with subprocess.Popen(report, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            running.wait(timeout=1)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=20)
    require(running.returncode == 130 and errors == "bench: interrupted, nothing was written\n",
            f"interrupted, it ended with {running.returncode}: {errors}")


def main():
    project, program, folder = map(pathlib.Path, sys.argv[1:])
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "programs").mkdir(parents=True)
    (folder / "programs" / program.name).symlink_to(program)  # whatever else is built is not looked at
    document = folder / "performance.md"
    shutil.copy(project / "docs/performance.md", document)

    full = [sys.executable, project / "bench/report.py", "--programs", folder / "programs"]
    report = [*full, "--tiny"]
    outputs = ["--json", folder / "rows.json", "--picture", folder / "bars.svg", "--update-docs", document]
    done = subprocess.run([*report, *outputs], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    require(done.returncode == 0, f"ended with {done.returncode}: {done.stderr}")
    require(done.stderr == "", f"where no terminal is, it says: {done.stderr}")
    require("built without: torch, eigen, xtensor" in done.stdout, "missing peers are not named")
    require("logits_native_bench" in done.stdout, "missing programs are not named")
    check_rows(json.loads((folder / "rows.json").read_text()))
    bars = xml.etree.ElementTree.parse(folder / "bars.svg").getroot().findall("{http://www.w3.org/2000/svg}rect")
    require(len(bars) > len(KERNELS), f"the picture has {len(bars)} bars")
    check_document(project, document)

    wrong = subprocess.run([*report, "--quik"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    require(wrong.returncode == 2 and wrong.stderr.startswith("usage: "), f"a wrong flag gives {wrong.returncode}")
    check_interruption(full)


if __name__ == "__main__":
    main()
