#include <reft/core/workspace.hpp>

#include <cstdint>
#include <utility>

#include "support/catch.hpp"

TEST_CASE("a workspace grows when told to, never shrinks, and is aligned to cache lines") {
    reft::workspace memory;
    CHECK(memory.capacity() == 0);
    memory.reserve(100);
    CHECK(memory.capacity() >= 100);
    CHECK(reinterpret_cast<std::uintptr_t>(memory.data()) % reft::workspace::alignment == 0);
    const auto* before = memory.data();
    memory.reserve(50);
    CHECK(memory.data() == before);
}

TEST_CASE("a workspace that was moved from is empty, and can be used again") {
    reft::workspace memory(100);
    const reft::workspace taken = std::move(memory);
    CHECK(taken.capacity() >= 100);
    CHECK(memory.capacity() == 0);  // NOLINT(bugprone-use-after-move)
    CHECK(memory.data() == nullptr);
    memory.reserve(10);
    CHECK(memory.data() != taken.data());
}

TEST_CASE("arrays of a workspace do not overlap, and too small a workspace is named with its bytes") {
    const reft::workspace memory(256);
    reft::detail::scratch arrays(memory, 192, "f");
    float* a = arrays.array<float>(3);
    double* b = arrays.array<double>(2);
    CHECK(reinterpret_cast<std::byte*>(b) - reinterpret_cast<std::byte*>(a) == 64);
    CHECK_THROWS_WITH(reft::detail::scratch(memory, 1000, "f"),
                      "f: the workspace holds 256 bytes but 1000 are needed; call "
                      "workspace.reserve(workspace_bytes(...)) once before the loop");
}
