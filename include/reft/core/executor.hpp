// Where loops over rows run: in the calling thread, or in a pool that the caller brings.
#pragma once

#include <reft/core/function_ref.hpp>

#include <algorithm>
#include <cstdint>

namespace reft::inline REFT_ABI {

/// Runs independent tasks. Derive from it to hand reft your own thread pool.
///
/// No result of this library depends on the number of workers or on the order in which tasks run.
class executor {
  public:
    virtual ~executor() = default;

    /// Worker numbers passed to tasks are below this.
    virtual int workers() const = 0;

    /// Calls `task(i, worker)` once for each i in [0, count) and returns when all have ended. Two tasks that run
    /// at the same time have different workers. If tasks throw, the exception of one of them is rethrown. A task
    /// may call `run` again; thread_pool runs such nested tasks in the calling worker.
    virtual void run(std::int64_t count, function_ref<void(std::int64_t, int)> task) = 0;
};

/// Everything in the calling thread, in order.
class serial_executor final : public executor {
  public:
    int workers() const override { return 1; }
    void run(std::int64_t count, function_ref<void(std::int64_t, int)> task) override {
        for (std::int64_t i = 0; i < count; ++i) task(i, 0);
    }
};

/// The executor of calls that name none: the calling thread.
inline executor& serial() {
    static serial_executor instance;
    return instance;
}

/// Calls `body(begin, end, worker)` for consecutive ranges of at most `grain` of [0, count).
/// The ranges depend on `count` and `grain` alone, never on the number of workers.
inline void for_ranges(executor& pool, std::int64_t count, std::int64_t grain,
                       function_ref<void(std::int64_t, std::int64_t, int)> body) {
    const std::int64_t ranges = (count + grain - 1) / grain;
    pool.run(ranges, [&](std::int64_t i, int worker) { body(i * grain, std::min(count, (i + 1) * grain), worker); });
}

}  // namespace reft::inline REFT_ABI
