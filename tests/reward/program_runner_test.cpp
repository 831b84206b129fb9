#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <limits>
#include <thread>
#include <utility>

#include "reward/program_case.hpp"

using reft::program_failure;
using test::described;
using test::run_one;
using test::sandbox;
using test::short_limits;

namespace {

std::vector<std::string> texts_of(const std::vector<std::string>& programs) {
    auto options = short_limits();
    options.workers = 2;
    reft::program_runner runner(options);
    std::vector<std::string> texts;
    for (const reft::program_result& result : runner(programs)) texts.push_back(described(result));
    return texts;
}

std::size_t open_descriptors() {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

}  // namespace

TEST_CASE("program_runner: solution(), else ans, else the last number printed") {
    if (!sandbox()) return;
    CHECK(texts_of({
              "def solution():\n    return 3\nans = 4\nprint(5)",
              "ans = 4\nprint(5)",
              "print(5)\nprint('that is all')",
              "print('The answer is', 18)",
              "print('$1,234.50 in 3 days?')\nprint('Total: $2,125,000.75.')",
              "print('10/4')",
              "print('9 - 12 = -3')",
              "print('-3')",
              "print(f'{1e3:.2e}')",
              "solution = 3\nans = 4",
              "print(0.1 + 0.2)",
          }) == std::vector<std::string>{"3", "4", "5", "18", "2125000.75", "5/2", "-3", "-3", "1.00e+03", "4",
                                         "0.30000000000000004"});
}

TEST_CASE("program_runner: numbers of every kind, exactly spelled") {
    if (!sandbox()) return;
    reft::program_runner runner(short_limits());
    const auto check = [&](const std::string& expression, const std::string& text, double number) {
        const reft::program_result result = run_one(runner, "ans = " + expression);
        INFO(expression << " gives " << described(result));
        REQUIRE(result.found);
        CHECK(result.found->kind == reft::answer_kind::number);
        CHECK(result.found->text == text);
        CHECK(result.found->number == number);
    };
    check("7", "7", 7);
    check("-10**30", "-1000000000000000000000000000000", -1e30);
    check("10**400", "1" + std::string(400, '0'), std::numeric_limits<double>::infinity());
    check("10**5000", "1" + std::string(5000, '0'), std::numeric_limits<double>::infinity());
    check("2.50", "2.5", 2.5);
    check("1 / 3", "0.3333333333333333", 1.0 / 3);
    check("-1e400", "-inf", -std::numeric_limits<double>::infinity());
    check("True", "1", 1);
    check("__import__('fractions').Fraction(26, 8)", "13/4", 3.25);
    check("__import__('decimal').Decimal('1.10')", "1.10", 1.1);
    check("' 42 '", "42", 42);
    check("'2.50'", "2.50", 2.5);
    check("'1e3'", "1e3", 1000);
    check("math.floor(2.7)", "2", 2);
    check("type('N', (), {'__float__': lambda self: 6.5})()", "6.5", 6.5);
}

TEST_CASE("program_runner: what is no number, and what is nothing") {
    if (!sandbox()) return;
    reft::program_runner runner(short_limits());
    const auto reason = [&](const std::string& program) {
        const reft::program_result result = run_one(runner, program);
        return result.found ? "found " + result.found->text : std::string(name(result.reason));
    };
    for (const char* value : {"None", "(4, 6.0)", "[5]", "{'x': 5}", "{5}", "3 + 0j", "float('nan')", "'1,080'", "'5%'",
                              "'five'", "b'5'", "print", "object()", "__import__('decimal').Decimal('sNaN')",
                              "type('N', (), {'__float__': lambda self: 1 / 0})()"}) {
        INFO(value);
        CHECK(reason("ans = " + std::string(value)) == "not_a_number");
    }
    CHECK(reason("print('none at all')") == "not_a_number");
    CHECK(reason("x = 3") == "no_result");
    CHECK(reason("# nothing") == "no_result");
    CHECK(reason("") == "no_result");
    CHECK(reason("def solution(): return undefined") == "exception");
    CHECK(reason("def solution(n): return n") == "exception");
    CHECK(reason("ans = 5\nraise ValueError") == "exception");
    CHECK(reason("class E(Exception):\n    def __str__(self): return 1 / 0\nraise E") == "exception");
    CHECK(reason("raise KeyboardInterrupt") == "exception");
    CHECK(reason("ans = input()") == "exception");
    CHECK(reason("def solution(:\n    return 5") == "syntax");
    CHECK(reason("The answer is 5.") == "syntax");
    CHECK(reason("return 5") == "syntax");
    CHECK(reason(std::string("ans = 5\0", 8)) == "syntax");
    CHECK(reason(std::string(2'000'000, ' ')) == "syntax");
    CHECK(reason("ans = 5 # \xff\xfe\x80") == "found 5");
    CHECK(described(run_one(runner, "x = 1 / 0")).find("ZeroDivisionError") != std::string::npos);
}

TEST_CASE("program_runner: fences, text around the program, sys.exit") {
    if (!sandbox()) return;
    const std::string program = "def solution():\n    a = 3\n\n    b = 4\n    return a + b";
    CHECK(
        texts_of({
            "\n\n" + program + "\n\n\n\n",
            "```python\n" + program + "\n```",
            "Here is the program:\n```python\n" + program + "\n```\nIt returns 9.\n```output\n8\n```",
            "```\n" + program,
            program + "\n```\nThe answer is 9.",
            program + "\n\n\n\nQ: Olivia has $23. She can't buy 5 bagels.\n\n# solution in Python:\n\ndef solution(:\n",
            program + "\n\nThe result is 9.",
            "Let's write it:\n" + program,
            "    x = 3\n    ans = x + 4",
            "import sys\nans = 7\nsys.exit()\nans = 8",
            "ans = 7\nexit(1)",
            "import sys\ndef solution():\n    sys.exit(3)\nprint(7)",
            "ans = 7\r\nprint(8)\r\n",
            "if __name__ == '__main__':\n    print(7)",
            "from math import *\nans = floor(7.9)",
        }) == std::vector<std::string>(15, "7"));
}

TEST_CASE("program_runner: sympy and numpy where they can be imported, an exception where they cannot") {
    if (!sandbox()) return;
    auto options = short_limits();
    options.memory_bytes = std::int64_t{2} << 30U;
    options.cpu_time = std::chrono::seconds(20);
    options.wall_time = std::chrono::milliseconds(60'000);
    reft::program_runner runner(options);
    const auto one_of = [&](const std::string& program, const std::string& expected) {
        const std::string text = described(run_one(runner, program));
        INFO(text);
        CHECK((text == expected || text.find("NameError") != text.npos || text.find("NotFoundError") != text.npos));
    };
    one_of("ans = sympy.Rational(13, 4)", "13/4");
    one_of("from sympy import Symbol, solve\nx = Symbol('x')\nans = solve(2 * x - 6, x)[0]", "3");
    one_of("import numpy as np\nans = np.int64(6) * np.int64(7)", "42");
    one_of("import numpy as np\nans = np.float64(0.5)", "0.5");
}

TEST_CASE("program_runner: results come in the order of the programs") {
    if (!sandbox()) return;
    auto options = short_limits();
    options.workers = 3;
    reft::program_runner runner(options);
    std::vector<std::string> programs;
    for (int i = 0; i < 60; ++i)
        programs.push_back(i % 20 == 7    ? "raise ValueError"
                           : i % 20 == 13 ? "import os\nos._exit(3)"
                                          : "import time\ntime.sleep(" + std::to_string((i * 7) % 5) +
                                                " / 200)\nans = " + std::to_string(i));
    const auto results = runner(programs);
    REQUIRE(results.size() == programs.size());
    for (int i = 0; i < 60; ++i) {
        const auto& result = results[static_cast<std::size_t>(i)];
        if (i % 20 == 7)
            CHECK(result.reason == program_failure::exception);
        else if (i % 20 == 13)
            CHECK(result.reason == program_failure::killed);
        else
            CHECK(described(result) == std::to_string(i));
    }
    CHECK(runner(std::vector<std::string>{}).empty());
}

TEST_CASE("program_runner: the isolation that it has") {
    if (!sandbox()) return;
    auto options = short_limits();
    {
        reft::program_runner runner(options);
        const auto isolation = runner.isolation();
        std::printf("isolation here: %s\n", std::string(name(isolation)).c_str());
        CHECK((isolation == reft::program_isolation::process_namespace ||
               isolation == reft::program_isolation::sandbox_per_program));
        const bool first = isolation == reft::program_isolation::process_namespace;
        if (first) CHECK(described(run_one(runner, "import os\nans = os.getpid()")) == "1");
    }
    options.sandbox_per_program = true;
    reft::program_runner runner(options);
    CHECK(runner.isolation() == reft::program_isolation::sandbox_per_program);
    CHECK(described(run_one(runner, "ans = 3")) == "3");
    CHECK(described(run_one(runner, "ans = 4")) == "4");
}

TEST_CASE("program_runner: without a sandbox nothing runs, unless the caller insists") {
    auto options = short_limits();
    options.bubblewrap = "/nowhere/bwrap";
    CHECK_FALSE(reft::program_runner::sandbox_available(options));
    {
        reft::program_runner runner(options);
        CHECK(runner.isolation() == reft::program_isolation::unavailable);
        for (const auto& result : runner(std::vector<std::string>(3, "ans = 3"))) {
            CHECK_FALSE(result.found);
            CHECK(result.reason == program_failure::no_sandbox);
            CHECK(result.message.find("/nowhere/bwrap") != std::string::npos);
        }
    }
    options.bubblewrap = "true";  // ends at once, and is no sandbox
    CHECK_FALSE(reft::program_runner::sandbox_available(options));
    options.bubblewrap = "bwrap";
    options.interpreter = "/nowhere/python3";
    CHECK_FALSE(reft::program_runner::sandbox_available(options));

    options.interpreter = "/usr/bin/python3";
    options.sandbox = reft::sandbox_use::none_at_my_own_risk;
    {
        reft::program_runner runner(options);
        if (runner.isolation() == reft::program_isolation::unavailable) {
            std::printf("\nSKIPPED: NO /usr/bin/python3 HERE, NO PROGRAM WAS RUN.\n");
            return;
        }
        CHECK(runner.isolation() == reft::program_isolation::none);
        CHECK(described(run_one(runner, "ans = 3")) == "3");
        CHECK(run_one(runner, "while True: pass").reason == program_failure::timeout);
        CHECK(described(run_one(runner, "ans = 4")) == "4");
    }
    CHECK(test::remaining_processes(options, 0) == 0);
}

TEST_CASE("program_runner: threads may share it, and end before it does") {
    if (!sandbox()) return;
    std::optional<reft::program_runner> runner;
    std::thread([&] { runner.emplace(short_limits()); }).join();  // whoever started the workers is gone
    std::vector<std::thread> threads;
    std::vector<std::string> texts(4);
    for (std::size_t i = 0; i < texts.size(); ++i)
        threads.emplace_back([&, i] { texts[i] = described(run_one(*runner, "ans = " + std::to_string(i))); });
    for (std::thread& thread : threads) thread.join();
    CHECK(texts == std::vector<std::string>{"0", "1", "2", "3"});
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    CHECK(described(run_one(*runner, "ans = 9")) == "9");
}

TEST_CASE("program_runner: workers that somebody kills are replaced, without a broken pipe or a lost descriptor") {
    if (!sandbox()) return;
    const auto options = short_limits();
    const std::size_t before = open_descriptors();
    {
        reft::program_runner runner(options);
        for (int i = 0; i < 10; ++i) {
            CHECK(described(run_one(runner, "ans = 1")) == "1");
            for (const std::string& process : test::processes_with(std::to_string(options.memory_bytes)))
                ::kill(static_cast<pid_t>(std::stol(process)), SIGKILL);
            CHECK(described(run_one(runner, "ans = 2")) == "2");
            CHECK(run_one(runner, "import os\nos._exit(1)").reason == program_failure::killed);
        }
        CHECK(open_descriptors() == before + 1);
    }
    CHECK(open_descriptors() == before);
    CHECK(test::remaining_processes(options, 0) == 0);
}

TEST_CASE("program_runner: a thousand short programs") {
    if (!sandbox()) return;
    auto options = short_limits();
    options.workers = 2;
    std::vector<std::string> programs;
    for (int i = 0; i < 1000; ++i)
        programs.push_back("def solution():\n    bagels = " + std::to_string(i) + "\n    return bagels * 3 / 2");
    const auto start = std::chrono::steady_clock::now();
    reft::program_runner runner(options);
    const auto results = runner(programs);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::printf("1000 short programs: %.2f s with 2 workers\n", seconds.count());
    for (std::size_t i = 0; i < results.size(); ++i) {
        REQUIRE(results[i].found);
        CHECK(results[i].found->number == static_cast<double>(i) * 1.5);
    }
    CHECK(seconds.count() < 30);  // three times what it may take alone: other tests run beside this one
}

TEST_CASE("program_runner: options out of range are refused") {
    const auto refused = [](auto change) {
        auto options = short_limits();
        change(options);
        CHECK_THROWS_AS(reft::program_runner(options), reft::option_error);
    };
    refused([](auto& o) { o.workers = -1; });
    refused([](auto& o) { o.cpu_time = std::chrono::seconds(0); });
    refused([](auto& o) { o.wall_time = std::chrono::milliseconds(0); });
    refused([](auto& o) { o.memory_bytes = 1000; });
    refused([](auto& o) { o.processes = 0; });
    refused([](auto& o) { o.output_bytes = 0; });
    refused([](auto& o) { o.interpreter = "python3"; });
}
