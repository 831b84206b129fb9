"""What the sessions say about a kernel, in one row each."""
import dataclasses
import math

from report_parts.sessions import PEERS

# The order of the table.
KERNELS = ["log_prob", "log_prob_entropy", "full_kl", "ppo", "ppo_to_buffer", "ppo_no_entropy", "ppo_no_entropy_to_buffer",
           "cross_entropy", "cross_entropy_to_buffer", "linear_head", "gae", "gae_masked", "gae_packed", "gae_truncated",
           "whiten", "whiten_masked", "loss_over_values", "loss_over_log_probs", "shaped_rewards",
           "shaped_rewards_masked"]
DTYPES = ["float", "double", "bf16", "half"]
REFERENCES = {"read": "bandwidth_read", "scale in place": "bandwidth_scale", "copy": "bandwidth_copy"}


@dataclasses.dataclass
class Row:
    kernel: str
    shape: tuple
    dtype: str
    threads: int
    ns_per_token: float
    share_of_bandwidth: float = None
    reference: str = ""
    extra_bytes: int = None
    ratio: dict = dataclasses.field(default_factory=dict)       # peer: times faster
    peer_bytes: dict = dataclasses.field(default_factory=dict)  # peer: bytes beyond inputs and outputs

    def as_json(self):
        names = ["kernel", "shape", "dtype", "threads", "ns_per_token", "share_of_bandwidth", "extra_bytes", "ratio"]
        return {name: getattr(self, name) for name in names} | {"shape": list(self.shape)}


def in_order(kernel):
    """A key to sort by: kernels as above, those in huge pages after them, unknown ones last."""
    plain = kernel.removesuffix("_huge_pages")
    return kernel != plain, KERNELS.index(plain) if plain in KERNELS else len(KERNELS)


def reference_speeds(benchmarks, dtype):
    """Bytes per second of the best way to read, scale and copy in a session."""
    speeds = {}
    for kind, kernel in REFERENCES.items():
        found = [b["bytes"] / b["seconds"] for (k, _, d), b in benchmarks.items() if k == kernel and d == dtype]
        if found:
            speeds[kind] = max(found)
    return speeds


def counterpart(kernel, who):
    """LibTorch makes a new tensor for its gradient in any case: the same program stands beside both forms."""
    return kernel.removesuffix("_to_buffer") if who.startswith("torch_") else kernel


def peers_of(kernel, dtype, entries):
    peers = {who for (_, who, _) in entries if who != "reft"}
    return {who: entries[key] for who in sorted(peers) if (key := (counterpart(kernel, who), who, dtype)) in entries}


def peer_name(who, setting):
    return f"{who}_{setting}" if who.startswith("torch_") else who


def rows_of(results):
    rows = {}
    for session, _, benchmarks, memory in results:
        if session.purpose != "table":
            continue
        timed = {key: b for key, b in benchmarks.items() if not key[0].startswith("bandwidth_")}
        for (kernel, who, dtype), ours in timed.items():
            if who != "reft":
                continue
            name = kernel + ("_huge_pages" if session.pages == "2M" else "")
            key = (name, session.shape, dtype, session.threads)
            if session.setting == "tuned" or key not in rows:
                row = rows.setdefault(key, Row(*key, 0))
                speed = reference_speeds(benchmarks, dtype).get(ours["reference"])
                row.ns_per_token = 1e9 * ours["seconds"] / ours["tokens"]
                row.reference = ours["reference"]
                row.share_of_bandwidth = speed and ours["bytes"] / ours["seconds"] / speed
            row = rows[key]
            for peer, theirs in peers_of(kernel, dtype, timed).items():
                # In the default setting only LibTorch is of interest; the others are at their best in the first.
                if session.setting == "tuned" or peer.startswith("torch_"):
                    row.ratio[peer_name(peer, session.setting)] = theirs["seconds"] / ours["seconds"]
            if memory:
                row.extra_bytes = memory.get((kernel, "reft", dtype))
                row.peer_bytes = peers_of(kernel, dtype, memory)
    add_builds(rows, results)
    share_memory(rows)
    return sorted(rows.values(), key=lambda r: (*in_order(r.kernel), DTYPES.index(r.dtype), r.threads, math.prod(r.shape)))


def share_memory(rows):
    """Memory does not depend on the size of pages: measured once."""
    for (name, shape, dtype, threads), row in rows.items():
        other = rows.get((name.removesuffix("_huge_pages"), shape, dtype, threads))
        if row.extra_bytes is None and other:
            row.extra_bytes, row.peer_bytes = other.extra_bytes, other.peer_bytes


def build_times(results):
    """The fastest of each build: {(kernel, shape): {program: seconds}}."""
    times = {}
    for session, _, benchmarks, _ in results:
        if session.purpose != "build":
            continue
        for (kernel, who, dtype), b in benchmarks.items():
            if who == "reft" and dtype == "float":
                of = times.setdefault((kernel, session.shape), {})
                of[session.program] = min(of.get(session.program, math.inf), b["seconds"])
    return dict(sorted(times.items(), key=lambda item: (*in_order(item[0][0]), item[0][1])))


def add_builds(rows, results):
    """Speed of the plain build relative to the native one, as the peer `reft_native`."""
    for (kernel, shape), of in build_times(results).items():
        row = rows.get((kernel, shape, "float", 1))
        if row and len(of) == 2:
            row.ratio["reft_native"] = of["logits_native_bench"] / of["logits_plain_bench"]


def exponents(results):
    """{(purpose, kernel): (sizes, seconds, exponent)}: the slope of log time against log size by least squares."""
    times = {}
    for session, _, benchmarks, _ in results:
        if session.purpose not in ("tokens", "vocabulary"):
            continue
        size = session.shape[0 if session.purpose == "tokens" else 1]
        for (kernel, who, _), b in benchmarks.items():
            if who == "reft":
                of = times.setdefault((session.purpose, kernel), {})
                of[size] = min(of.get(size, math.inf), b["seconds"])
    found = {}
    for key, of in sorted(times.items(), key=lambda item: (item[0][0], in_order(item[0][1]))):
        sizes = sorted(of)
        x, y = [math.log(s) for s in sizes], [math.log(of[s]) for s in sizes]
        mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
        slope = (sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y)) / sum((a - mean_x) ** 2 for a in x))
        found[key] = (sizes, [of[s] for s in sizes], slope)
    return found


def missing_peers(results):
    """{program: peers that were not built into it}"""
    missing = {}
    for session, context, _, _ in results:
        if session.purpose == "table":
            built = context["built in"].split()
            missing[session.program] = [peer for peer in PEERS if peer not in built]
    return {program: peers for program, peers in missing.items() if peers}
