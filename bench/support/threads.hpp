// The executor that a measurement gives to reft.
#pragma once

#include <reft/core/thread_pool.hpp>

#include <memory>

namespace bench {

/// The calling thread for one thread, a pool for more.
inline std::shared_ptr<reft::executor> executor_of(int threads) {
    if (threads == 1) return std::make_shared<reft::serial_executor>();
    return std::make_shared<reft::thread_pool>(threads);
}

}  // namespace bench
