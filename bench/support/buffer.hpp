// Memory for measurements: pages of a known size, touched before anything is timed.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>

namespace bench {

/// Whether buffers lie in huge pages: the program's --pages=2M, handed on through the environment.
inline bool huge_pages() {
    const char* pages = std::getenv("REFT_BENCH_PAGES");
    return pages && std::string_view(pages) == "2M";
}

/// An array in pages of its own.
///
/// Each buffer starts at another offset into its first page: a load whose address agrees with that of a recent store
/// in the last 12 bits waits for it, and arrays that all start on a page would meet at every element.
template <class T>
class buffer {
  public:
    explicit buffer(std::size_t size) : size_(size), bytes_(rounded(size * sizeof(T) + page + 4096)) {
        void* pages =
            mmap(nullptr, bytes_ + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (pages == MAP_FAILED) throw std::bad_alloc();
        pages_.reset(pages, [bytes = bytes_ + page](void* p) { munmap(p, bytes); });
        void* first = pages;
        std::size_t space = bytes_ + page;
        std::align(page, bytes_, first, space);
        madvise(first, bytes_, huge_pages() ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
        static std::size_t made = 0;
        data_ = reinterpret_cast<T*>(static_cast<std::byte*>(first) + made++ % 4 * 1088);
        std::memset(static_cast<void*>(data_), 0, size * sizeof(T));
    }

    T* data() const { return data_; }
    std::size_t size() const { return size_; }
    T& operator[](std::size_t i) const { return data_[i]; }
    T* begin() const { return data_; }
    T* end() const { return data_ + size_; }

  private:
    static constexpr std::size_t page = std::size_t{2} << 20;
    static std::size_t rounded(std::size_t bytes) { return (bytes + page - 1) / page * page; }

    std::size_t size_, bytes_;
    std::shared_ptr<void> pages_;
    T* data_ = nullptr;
};

}  // namespace bench
