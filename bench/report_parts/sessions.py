"""What is measured: one session is one process, with one shape and one setting of LibTorch."""
import dataclasses

# Programs, and the shapes of the table.
LOGITS = [(512, 512), (2048, 4096), (2048, 32000), (1024, 128256)]
TOKENS = [(256, 512), (8192, 1024)]
HEADS = [(1024, 32000, 256), (1024, 32000, 1024)]
PER_TOKEN_PROGRAMS = ["gae_bench", "whiten_bench", "values_bench", "log_probs_bench", "shaped_rewards_bench"]
PROGRAMS = ["logits_bench", "linear_head_bench", *PER_TOKEN_PROGRAMS]
PEERS = ["torch", "eigen", "xtensor", "naive"]

FLOAT = "/float/"
REFT_AND_TORCH = "/(reft|torch_[a-z]+)/float/|^bandwidth_[a-z]+/[a-z0-9_]+/float/"
# Without the slowest peers where they say nothing new.
MAIN_FORMS = ("^(log_prob|log_prob_entropy|ppo|ppo_no_entropy|cross_entropy)/[a-z_]+/float/|_to_buffer/(reft|eigen)/float/"
              "|^full_kl/(reft|torch_lean)/float/|^bandwidth_[a-z]+/[a-z0-9_]+/float/")
GROWING = "^(log_prob|log_prob_entropy|ppo)/reft/float/"


@dataclasses.dataclass
class Session:
    program: str
    shape: tuple
    setting: str = "tuned"
    threads: int = 1
    pages: str = "4k"
    names: str = FLOAT        # a regular expression that chooses benchmarks
    repetitions: int = 7
    seconds: float = 0.02     # of one repetition, at least
    purpose: str = "table"    # table, build (plain -O2 against native), tokens or vocabulary (growth)
    memory: str = ""          # another one: benchmarks whose peak memory is measured as well

    def title(self):
        shape = "x".join(map(str, self.shape))
        threads = "" if self.threads == 1 else f", {self.threads} threads"
        pages = "" if self.pages == "4k" else ", huge pages"
        return f"{self.program} {shape}, {self.setting}{threads}{pages}"


def both_settings(program, shape, repetitions, seconds, names=FLOAT):
    """With LibTorch tuned, and with LibTorch as it comes; what else is there is in the first."""
    return [Session(program, shape, "tuned", names=names, repetitions=repetitions, seconds=seconds,
                    memory=names),
            Session(program, shape, "default", repetitions=max(2, repetitions // 2), seconds=seconds,
                    names=REFT_AND_TORCH)]


def builds(shape, repetitions, seconds):
    """Plain -O2 against native: the two programs in turns."""
    one = [Session(program, shape, names="/reft/float/", repetitions=repetitions, seconds=seconds, purpose="build")
           for program in ("logits_plain_bench", "logits_native_bench")]
    return one * 3


def quick():
    sessions = []
    for shape, repetitions in zip(LOGITS[:2], (7, 4)):
        sessions += both_settings("logits_bench", shape, repetitions, 0.01, MAIN_FORMS)
    sessions += both_settings("linear_head_bench", (128, 8192, 64), 2, 0.01)
    for program in PER_TOKEN_PROGRAMS:
        sessions += both_settings(program, TOKENS[0], 5, 0.005)
    return sessions + builds((256, 4096), 2, 0.01)


def full():
    """Half an hour and 12 GB of memory, most of both for LibTorch at the largest shape."""
    sessions = []
    for shape, repetitions in zip(LOGITS, (15, 9, 5, 3)):
        sessions += both_settings("logits_bench", shape, repetitions, 0.05, FLOAT if repetitions > 5 else MAIN_FORMS)
    for shape in LOGITS[2:]:
        sessions.append(Session("logits_bench", shape, threads=2, names=REFT_AND_TORCH, repetitions=4,
                                memory="/reft/float/"))
        sessions.append(Session("logits_bench", shape, pages="2M", names=REFT_AND_TORCH, repetitions=4))
    for shape in [(512, 511), (511, 4097), (2047, 31999)]:
        sessions.append(Session("logits_bench", shape, repetitions=5, names=REFT_AND_TORCH, memory="/reft/float/"))
    for shape in LOGITS[1:3]:
        sessions.append(Session("logits_bench", shape, names="/(double|bf16|half)/", repetitions=5,
                                memory="/reft/(double|bf16|half)/"))
    for shape in HEADS:
        sessions += both_settings("linear_head_bench", shape, 3, 0.02)
    for program in PER_TOKEN_PROGRAMS:
        for shape in TOKENS:
            sessions += both_settings(program, shape, 9, 0.02)
        sessions.append(Session(program, (255, 511), repetitions=9, names=REFT_AND_TORCH, memory="/reft/"))
        sessions.append(Session(program, (8191, 1023), repetitions=5, names=REFT_AND_TORCH, memory="/reft/"))
        sessions.append(Session(program, (8192, 1024), pages="2M", names=REFT_AND_TORCH))
    for shape in LOGITS[:3]:
        sessions += builds(shape, 3, 0.05)
    return sessions + growth([512, 1024, 2048, 4096], [4096, 16384, 65536, 262144])


def growth(tokens, vocabularies):
    small, wide = tokens[0], 8192 if len(tokens) > 2 else vocabularies[0]
    def one(shape, purpose):
        return Session("logits_bench", shape, names=GROWING, repetitions=5, purpose=purpose)
    # Up and down, so that a machine that changes its mind does so for all of them.
    return ([one((n, wide), "tokens") for n in tokens + tokens[::-1]]
            + [one((small, v), "vocabulary") for v in vocabularies + vocabularies[::-1]])


def tiny(programs):
    """Everything once, for the test of this report: the numbers mean nothing."""
    fast = dict(repetitions=2, seconds=0.001)
    shapes = {"linear_head_bench": (4, 64, 8)}
    sessions = []
    for program in programs:
        shape = shapes.get(program, (8, 512))
        sessions.append(Session(program, shape, memory=FLOAT, **fast))
        sessions.append(Session(program, shape, "default", names=REFT_AND_TORCH, **fast))
    sessions += [dataclasses.replace(s, **fast) for s in builds((8, 512), 2, 0.001)]
    logits = "logits_bench" if "logits_bench" in programs else "logits_plain_bench"
    for s in growth([8, 16], [256, 512]):
        sessions.append(dataclasses.replace(s, program=logits, **fast))
    return sessions
