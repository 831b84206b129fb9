// A process at the other end of a socket. POSIX.
#pragma once

#include <reft/core/config.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

namespace reft::inline REFT_ABI::detail {

/// What came of sending or receiving.
enum class transfer { done, closed, late };

/// A child in a process group of its own, with a socket as standard input and nothing else of the caller's: no other
/// descriptor, no environment but PATH, no signal mask. The destructor kills the group and waits for the child.
class child_process {
  public:
    using clock = std::chrono::steady_clock;

    child_process() = default;
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;
    child_process(child_process&& other) noexcept
        : pid_(std::exchange(other.pid_, -1)), socket_(std::exchange(other.socket_, -1)) {}
    child_process& operator=(child_process&& other) noexcept {
        std::swap(pid_, other.pid_);
        std::swap(socket_, other.socket_);
        return *this;
    }
    ~child_process() { stop(); }

    /// Starts a command, in place of what ran before. False if that is not possible; errno then says why.
    bool start(const std::vector<std::string>& command) {
        stop();
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return false;
        socket_ = ends[0];
        const int problem = spawn(command, ends[1]);
        ::close(ends[1]);
        if (problem != 0) stop();
        errno = problem;
        return problem == 0;
    }

    bool running() const { return pid_ > 0; }  ///< started and not stopped; it may have ended by itself
    pid_t pid() const { return pid_; }         ///< of the child, or -1

    /// Kills the child and all of its process group, and waits for it.
    void stop() {
        if (pid_ > 0) {
            ::kill(-pid_, SIGKILL);
            while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
            }
        }
        if (socket_ >= 0) ::close(socket_);
        pid_ = -1;
        socket_ = -1;
    }

    /// Sends all bytes, or as many as the child takes until then.
    transfer send(std::string_view bytes, clock::time_point until) {
        while (!bytes.empty()) {
            if (!ready(POLLOUT, until)) return transfer::late;
            const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent > 0)
                bytes.remove_prefix(static_cast<std::size_t>(sent));
            else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK)
                return transfer::closed;
        }
        return transfer::done;
    }

    /// Receives `size` bytes.
    transfer receive(std::string& bytes, std::size_t size, clock::time_point until) {
        bytes.resize(size);
        for (std::size_t have = 0; have < size;) {
            if (!ready(POLLIN, until)) return transfer::late;
            const ssize_t got = ::recv(socket_, bytes.data() + have, size - have, MSG_DONTWAIT);
            if (got > 0)
                have += static_cast<std::size_t>(got);
            else if (got == 0 || (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK))
                return transfer::closed;
        }
        return transfer::done;
    }

  private:
    /// posix_spawn, because a fork of a process with threads may do next to nothing.
    int spawn(const std::vector<std::string>& command, int input) {
        std::vector<char*> arguments;
        for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
        arguments.push_back(nullptr);
        char path[] = "PATH=/usr/bin:/bin";
        char* environment[] = {path, nullptr};

        posix_spawn_file_actions_t files;
        posix_spawnattr_t attributes;
        if (const int problem = ::posix_spawn_file_actions_init(&files)) return problem;
        if (const int problem = ::posix_spawnattr_init(&attributes)) {
            ::posix_spawn_file_actions_destroy(&files);
            return problem;
        }
        sigset_t none, all;
        ::sigemptyset(&none);
        ::sigfillset(&all);
        int problem = ::posix_spawn_file_actions_adddup2(&files, input, 0);
        for (const int output : {1, 2})
            if (!problem) problem = ::posix_spawn_file_actions_addopen(&files, output, "/dev/null", O_RDWR, 0);
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 34)
        // What the caller's other libraries left open; elsewhere the worker itself closes it before anything hostile runs.
        if (!problem) problem = ::posix_spawn_file_actions_addclosefrom_np(&files, 3);
#endif
        if (!problem) problem = ::posix_spawnattr_setsigmask(&attributes, &none);
        if (!problem) problem = ::posix_spawnattr_setsigdefault(&attributes, &all);
        if (!problem) problem = ::posix_spawnattr_setpgroup(&attributes, 0);
        if (!problem)
            problem = ::posix_spawnattr_setflags(
                &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
        pid_t pid = -1;
        if (!problem)
            problem = ::posix_spawnp(&pid, arguments.front(), &files, &attributes, arguments.data(), environment);
        if (!problem) pid_ = pid;
        ::posix_spawnattr_destroy(&attributes);
        ::posix_spawn_file_actions_destroy(&files);
        return problem;
    }

    /// Waits until the socket can be read or written, or has been closed. False when it is late.
    bool ready(short events, clock::time_point until) const {
        for (;;) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
            pollfd one{socket_, events, 0};
            const int found = ::poll(&one, 1, left > 0 ? static_cast<int>(left) : 0);
            if (found > 0) return true;
            if (found == 0 && left <= 0) return false;
            if (found < 0 && errno != EINTR && errno != EAGAIN) return false;
        }
    }

    pid_t pid_ = -1;
    int socket_ = -1;
};

}  // namespace reft::inline REFT_ABI::detail
