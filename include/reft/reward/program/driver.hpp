// The Python source of a worker: what runs in the sandbox, forks for each program and says what came of it.
#pragma once

#include <reft/core/config.hpp>

namespace reft::inline REFT_ABI::detail {

/// Given to `python3 -c`, with the arguments cpu seconds, memory bytes, processes, output bytes, 1 if nothing may
/// run without a system call filter, and 1 if process namespaces may be made. Socket at descriptor 0, little-endian lengths.
///
///   first, out   H + isolation: `n` a process namespace for each program, `f` a fork without one
///   in           length (4 bytes), program in UTF-8
///   out          A or F (1 byte), length (4 bytes), then A: double as Python spells it, line break, exact spelling;
///                F: name of the failure, line break, message
///
/// The program itself is read, run and judged in the fork, so that whatever it changes dies with it. It is the first
/// process of its namespace, whose end is the end of all others in it. It leads a session, because signals to "the
/// process group of the caller" cross namespaces. In the sandbox is no /proc, which would show the processes of others.
///
/// This is the first part, about processes; driver_answers.hpp is the second one, about programs, and starts it all.
inline constexpr const char* program_driver_isolation = R"python(
import ast, ctypes, gc, io, math, os, re, resource, site, struct, sys
from decimal import Decimal
from fractions import Fraction

CPU, MEMORY, PROCESSES, OUTPUT, STRICT, NAMESPACES = map(int, sys.argv[1:7])
NEWUSER, NEWPID, NEWIPC = 0x10000000, 0x20000000, 0x08000000
libc = ctypes.CDLL(None, use_errno=True)

# Numbers of system calls: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of Linux.
CALLS = {
    "x86_64": (0xC000003E, 56, dict(
        clone3=435, fork=57, vfork=58, execve=59, execveat=322),
        [272, 308, 165, 101, 248, 249, 250, 41, 321, 298, 323, 425, 319, 29, 64, 68, 240, 310, 311, 438]),
    "aarch64": (0xC00000B7, 220, dict(clone3=435, execve=221, execveat=281),
        [97, 268, 40, 117, 217, 218, 219, 198, 280, 241, 282, 425, 279, 194, 190, 186, 180, 270, 271, 438]),
    # in both: unshare, setns, mount, ptrace, add_key, request_key, keyctl, socket, bpf, perf_event_open, userfaultfd,
    # io_uring_setup, memfd_create, shmget, semget, msgget, mq_open, process_vm_readv, process_vm_writev, pidfd_getfd
}

def call_filter():
    """A BPF program: refuses the calls above, and new processes where a program may be only one."""
    if os.uname().machine not in CALLS or struct.calcsize("P") != 8 or sys.byteorder != "little":
        return None
    arch, clone, processes, refused = CALLS[os.uname().machine]
    code = []
    def add(op, yes, no, k):
        code.append(struct.pack("HBBI", op, yes, no, k))
    EPERM, ENOSYS, ALLOW, KILL = 0x50001, 0x50026, 0x7FFF0000, 0x80000000
    add(0x20, 0, 0, 4)          # the architecture
    add(0x15, 1, 0, arch)
    add(0x06, 0, 0, KILL)
    add(0x20, 0, 0, 0)          # the number of the call
    add(0x35, 0, 1, 0x40000000) # the x32 calls
    add(0x06, 0, 0, KILL)
    for number in refused + ([clone, *processes.values()] if PROCESSES <= 1 else []):
        add(0x15, 0, 1, number)
        add(0x06, 0, 0, EPERM)
    add(0x15, 0, 1, processes["clone3"]) # its flags cannot be read; the C library then takes clone
    add(0x06, 0, 0, ENOSYS)
    add(0x15, 0, 3, clone)
    add(0x20, 0, 0, 16)         # its flags
    add(0x45, 0, 1, 0x7E020000) # a new namespace of any kind
    add(0x06, 0, 0, EPERM)
    add(0x06, 0, 0, ALLOW)
    instructions = ctypes.create_string_buffer(b"".join(code))
    return ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(instructions))), instructions

FILTER = call_filter()

def confine(namespace):
    """Takes from the calling process whatever a program does not need. Nothing of it can be undone."""
    os.setsid()
    libc.prctl(1, 9, 0, 0, 0)   # killed when the parent ends
    libc.prctl(4, 0, 0, 0, 0)   # cannot be traced
    for limit, value in (
            (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NOFILE, 32),
            (resource.RLIMIT_MSGQUEUE, 0), (resource.RLIMIT_MEMLOCK, 0),
            (resource.RLIMIT_NPROC, PROCESSES), (resource.RLIMIT_CPU, CPU), (resource.RLIMIT_AS, MEMORY)):
        hard = resource.getrlimit(limit)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        resource.setrlimit(limit, (value, value))
    if namespace:
        capabilities = libc.capset(struct.pack("Ii", 0x20080522, 0), bytes(24))
        if capabilities != 0:
            raise OSError("capset")
    libc.prctl(38, 1, 0, 0, 0)  # no new privileges
    if FILTER and libc.prctl(22, 2, FILTER[0], 0, 0) != 0 and STRICT:
        raise OSError("seccomp")

def enter_namespace():
    """Goes where it may make process namespaces, in a fork. False where the system has none for us."""
    # First in a fork that may be spoiled: there is no way back from half a success.
    trial = os.fork()
    if trial == 0:
        try:
            works = hasattr(os, "pidfd_open") and libc.unshare(NEWUSER | NEWPID) == 0
            inner = os.fork() if works else 0
            if works and inner == 0:
                home = os.pidfd_open(os.getpid())
                works = libc.unshare(NEWPID) == 0 and libc.setns(home, NEWPID) == 0
                os._exit(0 if works else 1)
            os._exit(0 if works and os.waitpid(inner, 0)[1] == 0 else 1)
        except BaseException:
            os._exit(1)
    if os.waitpid(trial, 0)[1] != 0 or libc.unshare(NEWUSER | NEWPID) != 0:
        return False
    driver = os.fork()
    if driver != 0:
        os.dup2(1, 0)
        os.waitpid(driver, 0)
        os._exit(0)
    return True

def receive(size):
    data = b""
    while len(data) < size:
        part = os.read(0, min(size - len(data), 1 << 16))
        if not part:
            os._exit(0)
        data += part
    return data

def send(data):
    while data:
        data = data[os.write(0, data):]

def failure(reason, message=""):
    return b"F", ("%s\n%s" % (reason, message)).encode("utf-8", "replace")

def fork_for(source, home):
    """Runs a program in a fork. What the fork said, what the system said of its end, and what it used."""
    result, say = os.pipe()
    # Without a filter, which refuses System V memory, that of the program before must be out of reach.
    if home is not None and libc.unshare(NEWPID if FILTER else NEWPID | NEWIPC) != 0:
        os._exit(1)
    child = os.fork()
    if child == 0:
        try:
            os.dup2(1, 0)
            if say != 3:
                os.dup2(say, 3)
            os.closerange(4, 256)
            try:
                confine(home is not None)
                kind, text = answer_of(source)
            except OSError as error:
                kind, text = failure("no_sandbox", "%s: %s" % (error, os.strerror(ctypes.get_errno())))
            data = kind + text
            while data:
                data = data[os.write(3, data):]
        finally:
            os._exit(0)
    if home is not None and libc.setns(home, NEWPID) != 0:
        os._exit(1)
    os.close(say)
    said = b""
    while len(said) <= 2 * OUTPUT + 65536:
        part = os.read(result, 1 << 16)
        if not part:
            break
        said += part
    else:
        said = b"F" + failure("output", "more than its result")[1]
        os.kill(child, 9)
    os.close(result)
    if home is None: # whoever has not left the group ends with it
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        try:
            os.killpg(child, 9)
        except OSError:
            pass
    _, status, used = os.wait4(child, 0)
    return said, status, used.ru_utime + used.ru_stime

def serve():
    os.closerange(3, 1 << 16)
    sys.path += [path for path in site.getsitepackages() if path not in sys.path]
    namespace = NAMESPACES == 1 and enter_namespace()
    home = os.pidfd_open(os.getpid()) if namespace else None
    libc.prctl(4, 0, 0, 0, 0)
    gc.collect()
    gc.freeze()
    send(b"Hn" if namespace else b"Hf")
    while True:
        source = receive(struct.unpack("<I", receive(4))[0])
        for name in ("sympy", "numpy"): # here, so that it is done once
            if name.encode() in source and name not in missing:
                try:
                    __import__(name)
                except BaseException:
                    missing.add(name)
        said, status, seconds = fork_for(source, home)
        if status == 0 and said[:1] in (b"A", b"F"):
            kind, text = said[:1], said[1:]
        elif said[:8] == b"Foutput\n":
            kind, text = said[:1], said[1:]
        elif os.WIFSIGNALED(status) and os.WTERMSIG(status) in (9, 24) and seconds > 0.5 * CPU: # two clocks that differ
            kind, text = failure("timeout", "it used up its %d s of the processor" % CPU)
        elif os.WIFSIGNALED(status):
            kind, text = failure("killed", "by signal %d" % os.WTERMSIG(status))
        else:
            kind, text = failure("killed", "it ended before it had a result")
        send(kind + struct.pack("<I", len(text)) + text)

missing = set()
)python";

}  // namespace reft::inline REFT_ABI::detail
