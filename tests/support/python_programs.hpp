// What python3 makes of many programs, in one process.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace test {

/// Reads a JSON list of sources and writes a list of the reprs of their results, or of null where there is none.
/// Each source has the processor for five seconds at most and the process little memory and no files to write.
inline constexpr const char* python_checker = R"python(
import json, resource, signal, sys, warnings
warnings.simplefilter("ignore")
with open(sys.argv[1], encoding="utf-8") as file:
    sources = json.load(file)
output = open(sys.argv[2], "w", encoding="utf-8")
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
def stop(*_):
    raise TimeoutError
signal.signal(signal.SIGALRM, stop)
def result(source):
    names = {}
    signal.alarm(5)
    try:
        exec(source, names)
        value = names["solution"]() if "solution" in names else names["ans"]
        return repr(value) if type(value) in (int, float) else "a " + type(value).__name__
    except Exception as error:
        return "raises " + type(error).__name__
    finally:
        signal.alarm(0)
json.dump([result(source) for source in sources], output)
)python";

inline std::string python() {
    if (const char* chosen = std::getenv("REFT_PYTHON")) return chosen;
    return std::filesystem::exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
}

/// repr(result) of each source as Python has it, or what it is instead; nothing where there is no python3.
///
/// Give it only sources that `arithmetic_program` takes: those do nothing but calculate.
inline std::optional<std::vector<std::string>> python_results(const std::vector<std::string>& sources) {
    namespace fs = std::filesystem;
    const std::string stem = (fs::temp_directory_path() / ("reft_python_" + std::to_string(::getpid()))).string();
    std::ofstream(stem + ".py") << python_checker;
    std::ofstream(stem + ".in") << nlohmann::json(sources).dump();
    const std::string command = python() + " -I -S '" + stem + ".py' '" + stem + ".in' '" + stem + ".out'";
    std::optional<std::vector<std::string>> results;
    if (std::system(command.c_str()) == 0)
        results = nlohmann::json::parse(std::ifstream(stem + ".out")).get<std::vector<std::string>>();
    for (const char* ending : {".py", ".in", ".out"}) std::remove((stem + ending).c_str());
    return results;
}

}  // namespace test
