"""The report in words and columns, for a terminal and for Markdown alike."""
import math
import subprocess

from report_parts.rows import build_times, exponents, missing_peers, reference_speeds

COLUMNS = {"torch_lean_tuned": "lean", "torch_trl_tuned": "TRL", "torch_lean_default": "lean, default",
           "torch_trl_default": "TRL, default", "eigen": "Eigen", "xtensor": "xtensor", "naive": "naive",
           "reft_native": "native build"}


def table(head, rows):
    """A Markdown table whose columns are as wide as their widest cell; numbers to the right."""
    cells = [head, *rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    left = [not any(row[i][:1].isdigit() for row in rows) for i in range(len(head))]

    def line(row):
        return "| " + " | ".join(c.ljust(w) if l else c.rjust(w) for c, w, l in zip(row, widths, left)) + " |"
    rule = "|" + "|".join("-" * (w + 1) + ("-" if l else ":") for w, l in zip(widths, left)) + "|"
    return "\n".join([line(head), rule, *map(line, rows)])


def number(x):
    """Three significant digits, never with an exponent."""
    if x is None:
        return ""
    digits = 2 - math.floor(math.log10(x)) if x > 0 else 2
    return f"{x:.{min(6, max(0, digits))}f}"


def share(x):
    return "" if x is None else f"{x:.2f}"


def size(x):
    if x is None:
        return ""
    if x < 2**20:
        return f"{x / 2**10:.0f} KB"
    return f"{x / 2**20:.0f} MB"


def shape_text(shape):
    return "x".join(map(str, shape))


def rate(per_second):
    for unit, scale in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if per_second >= scale:
            return f"{number(per_second / scale)} {unit}"
    return number(per_second)


def main_table(rows):
    peers = [p for p in COLUMNS if any(p in row.ratio for row in rows)]
    head = ["kernel", "shape", "dtype", "threads", "ns/token", "tokens/s", "bandwidth", "of",
            *(COLUMNS[p] for p in peers), "extra memory"]
    lines = [[row.kernel, shape_text(row.shape), row.dtype, str(row.threads), number(row.ns_per_token),
              rate(1e9 / row.ns_per_token), share(row.share_of_bandwidth), row.reference,
              *(number(row.ratio.get(p)) for p in peers), size(row.extra_bytes)] for row in rows]
    return table(head, lines)


def memory_table(rows):
    """Bytes beyond inputs and outputs, and how many times the input that is."""
    peers = ["torch_lean", "torch_trl", "eigen", "xtensor", "naive"]
    shown = [row for row in rows if row.peer_bytes and not row.kernel.endswith("_huge_pages")]
    return table(["kernel", "shape", "dtype", "reft", *peers],
                 [[row.kernel, shape_text(row.shape), row.dtype, size(row.extra_bytes),
                   *(size(row.peer_bytes.get(p)) for p in peers)] for row in shown])


def bandwidth_table(results):
    lines = []
    for session, _, benchmarks, _ in results:
        if session.purpose != "table" or session.setting != "tuned":
            continue
        for dtype in sorted({d for (k, _, d) in benchmarks if k.startswith("bandwidth_")}):
            speeds = reference_speeds(benchmarks, dtype)
            ways = {k: max((b["bytes"] / b["seconds"], w) for (kk, w, d), b in benchmarks.items()
                           if kk == f"bandwidth_{k}" and d == dtype)[1] for k in ("read", "copy")
                    if any(kk == f"bandwidth_{k}" for (kk, _, _) in benchmarks)}
            lines.append([session.program, shape_text(session.shape), dtype, str(session.threads),
                          "4 KB" if session.pages == "4k" else "huge",
                          *(number(speeds[k] / 1e9) if k in speeds else "" for k in ("read", "scale in place", "copy")),
                          ways.get("read", ""), ways.get("copy", "")])
    return table(["program", "shape", "dtype", "threads", "pages", "read", "scale", "copy", "best read", "best copy"],
                 lines)


def builds_table(results):
    lines = []
    for (kernel, shape), of in build_times(results).items():
        if len(of) == 2:
            plain, native = of["logits_plain_bench"], of["logits_native_bench"]
            lines.append([kernel, shape_text(shape), number(1e3 * plain), number(1e3 * native), share(native / plain)])
    return table(["kernel", "shape", "plain -O2, ms", "native, ms", "speed of plain"], lines)


def growth_table(results):
    lines = []
    for (purpose, kernel), (sizes, seconds, exponent) in exponents(results).items():
        lines.append([kernel, purpose, f"{sizes[0]} to {sizes[-1]}",
                      " ".join(number(1e3 * s) for s in seconds), share(exponent)])
    return table(["kernel", "time against", "from", "ms", "exponent"], lines)


def threads_table(rows):
    """What a second thread brings."""
    one = {(r.kernel, r.shape, r.dtype): r for r in rows if r.threads == 1}
    lines = []
    for r in rows:
        single = one.get((r.kernel, r.shape, r.dtype))
        if r.threads > 1 and single:
            lines.append([r.kernel, shape_text(r.shape), r.dtype, str(r.threads),
                          number(single.ns_per_token / r.ns_per_token), share(r.share_of_bandwidth), r.reference])
    return table(["kernel", "shape", "dtype", "threads", "times faster than one", "bandwidth of these threads", "of"],
                 lines)


def machine_text(results):
    context = results[0][1]
    known = [c for _, c, _, _ in results]
    libraries = {f"LibTorch {c['LibTorch']}, {c['BLAS of LibTorch']}" for c in known if "LibTorch" in c}
    caches = ", ".join(f"L{c['level']} {c['size'] // 1024} KB" for c in context["caches"] if c["type"] != "Instruction")
    lines = [f"{processor()}, {context['num_cpus']} processors, {caches}; g++ {context['compiler']}.",
             *(f"{text}." for text in sorted(libraries))]
    settings = {c["setting"]: c["variables"] for c in known if c["pages"] == "4k"}
    lines += [f"Setting `{name}`: {variables or 'nothing set'}." for name, variables in settings.items()]
    return "\n".join(lines)


def processor():
    try:
        with open("/proc/cpuinfo") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return "unknown processor"


def missing_text(results, absent):
    lines = [f"Not built, so not here: {program}." for program in absent]
    lines += [f"{program} was built without: {', '.join(peers)}." for program, peers in missing_peers(results).items()]
    return "\n".join(lines)


NOTHING = "Not measured in this run."


def errors_text(programs):
    """What the test of the kernel's errors prints, if it was built; it takes some seconds."""
    program = programs / "logits_accuracy_plain"
    if not program.exists():
        return NOTHING
    return subprocess.run([program], capture_output=True, text=True, check=False).stdout.strip()


def sections(rows, results, absent, errors):
    """[(title, text)]; parts that this run has nothing to say about are NOTHING."""
    return [("machine", machine_text(results)),
            ("kernels", "Ratios: times faster than that peer (above 1, reft is).\n\n" + main_table(rows)),
            ("bandwidth", "GB/s; copy counts bytes read and bytes written.\n\n" + bandwidth_table(results)),
            ("memory", memory_table(rows) if any(row.peer_bytes for row in rows) else NOTHING),
            ("threads", threads_table(rows) if any(row.threads > 1 for row in rows) else NOTHING),
            ("builds", builds_table(results) if build_times(results) else NOTHING),
            ("growth", growth_table(results) if exponents(results) else NOTHING),
            ("errors", errors),
            ("missing", missing_text(results, absent) or "All programs and all peers were there.")]
