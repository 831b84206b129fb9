// The executor that reft brings: a fixed number of threads that take tasks from one counter.
#pragma once

#include <reft/core/executor.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace reft::inline REFT_ABI {

/// `threads` workers, the calling thread among them. `run` may be called by one thread at a time, and by tasks: what
/// a task runs is done by its own worker, in order.
class thread_pool final : public executor {
  public:
    /// Starts threads − 1 threads, none if `threads` is below 2. Throws std::system_error if the system gives no more.
    explicit thread_pool(int threads = static_cast<int>(std::thread::hardware_concurrency()))
        : workers_(threads < 1 ? 1 : threads) {
        try {
            for (int worker = 1; worker < workers_; ++worker) threads_.emplace_back([this, worker] { serve(worker); });
        } catch (...) {  // no more threads to be had: those that run must end before the exception leaves
            stop();
            throw;
        }
    }

    thread_pool(const thread_pool&) = delete;
    thread_pool& operator=(const thread_pool&) = delete;

    ~thread_pool() override { stop(); }

    int workers() const override { return workers_; }

    void run(std::int64_t count, function_ref<void(std::int64_t, int)> task) override {
        if (count <= 0) return;
        if (const place here = current(); here.pool == this) {
            for (std::int64_t i = 0; i < count; ++i) task(i, here.worker);
            return;
        }
        {
            const std::lock_guard lock(mutex_);
            task_ = &task;
            count_ = count;
            next_.store(0, std::memory_order_relaxed);
            busy_ = workers_ - 1;
            first_failed_ = count;
            failure_ = nullptr;
            ++generation_;
        }
        wake_.notify_all();
        work(0);
        std::unique_lock lock(mutex_);
        done_.wait(lock, [this] { return busy_ == 0; });
        task_ = nullptr;
        if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    }

  private:
    /// Which pool's task the calling thread is in, and as which worker.
    struct place {
        const thread_pool* pool = nullptr;
        int worker = 0;
    };
    static place& current() {
        thread_local place here;
        return here;
    }

    void stop() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
        for (std::thread& thread : threads_) thread.join();
    }

    void serve(int worker) {
        std::uint64_t seen = 0;
        for (;;) {
            {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [&] { return stopping_ || generation_ != seen; });
                if (stopping_) return;
                seen = generation_;
            }
            work(worker);
            const std::lock_guard lock(mutex_);
            if (--busy_ == 0) done_.notify_one();
        }
    }

    void work(int worker) {
        const place before = std::exchange(current(), place{this, worker});
        for (;;) {
            const std::int64_t i = next_.fetch_add(1, std::memory_order_relaxed);
            if (i >= count_) break;
            try {
                (*task_)(i, worker);
            } catch (...) {
                const std::lock_guard lock(mutex_);
                if (i < first_failed_) {  // the earliest task's exception wins, whatever the threads did
                    first_failed_ = i;
                    failure_ = std::current_exception();
                }
            }
        }
        current() = before;
    }

    const int workers_;
    std::vector<std::thread> threads_;
    std::mutex mutex_;
    std::condition_variable wake_, done_;
    bool stopping_ = false;
    std::uint64_t generation_ = 0;
    int busy_ = 0;
    const function_ref<void(std::int64_t, int)>* task_ = nullptr;
    std::int64_t count_ = 0;
    std::atomic<std::int64_t> next_{0};
    std::int64_t first_failed_ = 0;
    std::exception_ptr failure_;
};

}  // namespace reft::inline REFT_ABI
