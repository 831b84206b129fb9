// The command line of a worker: bubblewrap around Python, or Python alone.
#pragma once

#include <reft/core/config.hpp>
#include <reft/reward/program/driver.hpp>
#include <reft/reward/program/driver_answers.hpp>
#include <reft/reward/program/options.hpp>

#include <string>
#include <vector>

namespace reft::inline REFT_ABI::detail {

/// What bubblewrap (https://github.com/containers/bubblewrap, bwrap(1)) takes away: all namespaces of the host, and
/// so its network and processes; all capabilities; the environment; all files but the read-only system folders. There
/// is no /proc, no home, no /etc but what the loader of shared libraries reads, and nothing that can be written.
inline std::vector<std::string> sandbox_command(const program_runner_options& options) {
    std::vector<std::string> command = {options.bubblewrap,
                                        "--unshare-all",
                                        "--die-with-parent",
                                        "--new-session",
                                        "--cap-drop",
                                        "ALL",
                                        "--clearenv",
                                        "--ro-bind",
                                        "/usr",
                                        "/usr"};
    const auto add = [&command](const std::vector<std::string>& more) {
        command.insert(command.end(), more.begin(), more.end());
    };
    for (const char* folder : {"/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives"})
        add({"--ro-bind-try", folder, folder});
    for (const std::string& folder : options.readable) add({"--ro-bind", folder, folder});
    add({"--dev", "/dev", "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"});
    // One thread for the linear algebra of numpy: a program may not start others.
    add({"--setenv", "LANG", "C.UTF-8", "--setenv", "OPENBLAS_NUM_THREADS", "1", "--setenv", "OMP_NUM_THREADS", "1"});
    return command;
}

/// The whole command of a worker.
inline std::vector<std::string> worker_command(const program_runner_options& options) {
    const bool sandboxed = options.sandbox == sandbox_use::required;
    std::vector<std::string> command = sandboxed ? sandbox_command(options) : std::vector<std::string>{};
    // Alone, without the user's and the site's modules, without writing compiled ones.
    for (const char* argument : {options.interpreter.c_str(), "-I", "-S", "-B", "-W", "ignore", "-c"})
        command.emplace_back(argument);
    // The first part ends with functions that the second one completes, before it starts to serve.
    command.push_back(std::string(program_driver_isolation) + program_driver_answers);
    command.push_back(std::to_string(options.cpu_time.count()));
    command.push_back(std::to_string(options.memory_bytes));
    command.push_back(std::to_string(options.processes));
    command.push_back(std::to_string(options.output_bytes));
    command.emplace_back(sandboxed ? "1" : "0");
    command.emplace_back(options.sandbox_per_program ? "0" : "1");
    return command;
}

}  // namespace reft::inline REFT_ABI::detail
