#include <cstdio>
#include <filesystem>

#include "reward/program_case.hpp"

using reft::program_failure;
using test::check_hostile;
using test::described;
using test::run_hostile;
using test::sandbox;
using test::short_limits;

TEST_CASE("program_runner, hostile: an endless loop") {
    if (sandbox()) check_hostile("while True: pass", program_failure::timeout);
}

TEST_CASE("program_runner, hostile: an endless loop that catches everything") {
    if (!sandbox()) return;
    check_hostile("while True:\n    try:\n        while True: pass\n    except BaseException: pass",
                  program_failure::timeout);
}

TEST_CASE("program_runner, hostile: a fork bomb") {
    if (sandbox()) check_hostile("import os\nwhile True: os.fork()", program_failure::exception);
}

TEST_CASE("program_runner, hostile: a bomb of threads") {
    if (!sandbox()) return;
    check_hostile("import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(99,)).start()",
                  program_failure::exception);
}

TEST_CASE("program_runner, hostile: a power of a power") {
    if (sandbox()) check_hostile("def solution():\n    return 10**10**10", program_failure::timeout);
}

TEST_CASE("program_runner, hostile: a list of gigabytes, at once and by and by") {
    if (!sandbox()) return;
    check_hostile("ans = [0] * 10**9", program_failure::memory);
    check_hostile("x = []\nwhile True: x.append(bytearray(10**6))", program_failure::memory);
}

TEST_CASE("program_runner, hostile: a gigabyte of output, printed and past the interpreter") {
    if (!sandbox()) return;
    check_hostile("for _ in range(10**6): print('x' * 1000)", program_failure::output);
    check_hostile("import os\nwhile True: os.write(3, b'x' * 65536)", program_failure::output);
    check_hostile("import os\nwhile True: os.write(1, b'x' * 65536)", program_failure::timeout);
}

TEST_CASE("program_runner, hostile: results that are longer than the output may be") {
    if (!sandbox()) return;
    auto options = short_limits();
    options.output_bytes = 1000;
    check_hostile("ans = 10**2000", program_failure::output, options);
    check_hostile("ans = '9' * 2_000_000", program_failure::output, options);
    check_hostile("ans = 1 << 10_000_000", program_failure::output);  // spelling it would take minutes
    check_hostile("ans = __import__('fractions').Fraction(10**2000, 7)", program_failure::output, options);
}

TEST_CASE("program_runner, hostile: writing files, anywhere") {
    if (!sandbox()) return;
    const std::string file = "reft_hostile_" + std::to_string(::getpid());
    const std::string program =
        "import os\nwritten = 0\n"
        "for folder in ('/', '/tmp', '/var/tmp', '/dev', '/dev/shm', '/usr', '/root', '/home', '" +
        std::filesystem::current_path().string() +
        "', '.', '/run', '/etc', '/usr/local', '/proc'):\n"
        "    try:\n        open(folder + '/" +
        file +
        "', 'w').close()\n        written += 1\n    except OSError: pass\n"
        "    try:\n        os.mkdir(folder + '/" +
        file + "_folder')\n        written += 1\n    except OSError: pass\nans = written";
    CHECK(described(run_hostile(program, short_limits())) == "0");
    for (const char* folder : {"/", "/tmp/", "/dev/shm/", "./"}) CHECK_FALSE(std::filesystem::exists(folder + file));
}

TEST_CASE("program_runner, hostile: reading what is the host's") {
    if (!sandbox()) return;
    check_hostile("ans = len(open('/etc/passwd').read())", program_failure::exception);
    check_hostile("ans = len(open('/proc/self/environ').read())", program_failure::exception);
    CHECK(described(run_hostile("import os\nans = len([k for k in os.environ if k not in ('LANG', 'PWD', 'LC_CTYPE',"
                                " 'OPENBLAS_NUM_THREADS', 'OMP_NUM_THREADS')])",
                                short_limits())) == "0");
    // Of the descriptors that this process and its driver have, none but the three and the pipe of the result.
    CHECK(described(run_hostile("import os\nans = 0\nfor fd in range(1024):\n    try:\n        os.fstat(fd)\n"
                                "        ans += 1\n    except OSError: pass",
                                short_limits())) == "4");
}

TEST_CASE("program_runner, hostile: sockets") {
    if (!sandbox()) return;
    check_hostile("import socket\nsocket.create_connection(('1.1.1.1', 80), 1)", program_failure::exception);
    check_hostile("import socket\nsocket.socket(socket.AF_UNIX).bind('\\0reft')", program_failure::exception);
}

TEST_CASE("program_runner, hostile: killing its parent, its group, everybody") {
    if (!sandbox()) return;
    const std::string program =
        "import os\nfor who in (os.getppid(), 0, -1, 1, 2, 3):\n"
        "    for signal in (15, 9, 19):\n        try:\n            if who != os.getpid(): os.kill(who, signal)\n"
        "        except OSError: pass\nans = 1";
    auto options = short_limits();
    const auto result = run_hostile(program, options);  // its group is itself, and it is the first of its namespace
    INFO(described(result));
    CHECK((result.found || result.reason == program_failure::killed));
    options.sandbox_per_program = true;  // there it sees its driver, and only its own
    CHECK(run_hostile(program, options).reason == program_failure::killed);
}

TEST_CASE("program_runner, hostile: tracing its driver, reading its memory") {
    if (!sandbox()) return;
    check_hostile("import ctypes, os\nif ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) != 0: raise OSError",
                  program_failure::exception);
}

TEST_CASE("program_runner, hostile: namespaces and mounts of its own") {
    if (!sandbox()) return;
    for (const char* flags : {"0x10000000", "0x10020000", "0x20000000", "0x40000000"})
        check_hostile("import ctypes\nif ctypes.CDLL(None).unshare(" + std::string(flags) + ") != 0: raise OSError",
                      program_failure::exception);
    check_hostile("import ctypes\nif ctypes.CDLL(None).mount(b'x', b'/usr', b'tmpfs', 0, 0) != 0: raise OSError",
                  program_failure::exception);
}

TEST_CASE("program_runner, hostile: recursion without an end") {
    if (!sandbox()) return;
    check_hostile("def f(n): return f(n + 1)\nf(0)", program_failure::exception);
    check_hostile("import sys\nsys.setrecursionlimit(10**9)\ndef f(n): return eval('f(n + 1)')\nf(0)",
                  program_failure::killed);
    check_hostile("ans = " + std::string(100'000, '(') + std::string(100'000, ')'), program_failure::syntax);
}

TEST_CASE("program_runner, hostile: ignoring every signal") {
    if (!sandbox()) return;
    check_hostile(
        "import signal\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\nwhile True: pass",
        program_failure::timeout);
}

TEST_CASE("program_runner, hostile: raising its own limits") {
    if (!sandbox()) return;
    check_hostile("import resource\nresource.setrlimit(resource.RLIMIT_CPU, (100, 100))", program_failure::exception);
    check_hostile("import resource\nresource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40))",
                  program_failure::exception);
}

TEST_CASE("program_runner, hostile: closing its pipes") {
    if (!sandbox()) return;
    check_hostile("import os\nos.closerange(0, 1024)\nans = 1", program_failure::killed);
    auto options = short_limits();
    options.wall_time = std::chrono::milliseconds(1500);
    check_hostile("import os, time\nos.closerange(0, 1024)\ntime.sleep(99)", program_failure::timeout, options);
}

TEST_CASE("program_runner, hostile: sleeping") {
    if (!sandbox()) return;
    auto options = short_limits();
    options.wall_time = std::chrono::milliseconds(1500);
    check_hostile("import time\ntime.sleep(99)", program_failure::timeout, options);
    check_hostile("import signal\nwhile True: signal.pause()", program_failure::timeout, options);
}

TEST_CASE("program_runner, hostile: a grandchild that survives its parent, in a session of its own") {
    if (!sandbox()) return;
    auto options = short_limits();
    options.processes = 8;
    const std::string program =
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        os.closerange(0, 1024)\n        time.sleep(99)\n    os._exit(0)\n"
        "os.wait()\ntime.sleep(0.1)\nans = 12";
    for (const bool per_program : {false, true}) {
        options.sandbox_per_program = per_program;
        CHECK(described(run_hostile(program, options)) == "12");
    }
    options.processes = 1;
    check_hostile(program, program_failure::exception, options);
}

TEST_CASE("program_runner, hostile: what it does to the interpreter ends with it") {
    if (!sandbox()) return;
    const auto result = run_hostile(
        "import builtins, math, sys, fractions, ast, os, ctypes\n"
        "builtins.float = builtins.isinstance = builtins.print = builtins.sum = lambda *a, **k: 42\n"
        "math.floor = None\nsys.modules.clear()\nast.parse = os.read = os.write = os.fork = None\nans = 5",
        short_limits());
    CHECK((!result.found || result.found->number == 42));
}

TEST_CASE("program_runner, hostile: ending without a result") {
    if (!sandbox()) return;
    check_hostile("import os\nos._exit(0)", program_failure::killed);
    check_hostile("import os\nos.abort()", program_failure::killed);
    check_hostile("import ctypes\nctypes.string_at(0)", program_failure::killed);
    check_hostile("import os\nos.execv('/usr/bin/true', ['true'])", program_failure::exception);
}

TEST_CASE("program_runner, hostile: forged results are its own, at most") {
    if (!sandbox()) return;
    const auto forged = run_hostile("import os\nos.write(3, b'A7\\n7')\nos._exit(0)", short_limits());
    CHECK(described(forged) == "7");
    for (const char* bytes : {"A", "Axyz\\n7", "Fnonsense\\n", "H", "\\x00\\xff\\xff\\xff\\xff", "F", "Ftimeout"}) {
        const auto result =
            run_hostile("import os\nos.write(3, b'" + std::string(bytes) + "')\nos._exit(0)", short_limits());
        INFO(bytes);
        CHECK_FALSE(result.found);
    }
}
