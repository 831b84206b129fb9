// corpus: numbers
// A property that does not hold, for the test that findings are noticed.
#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    fuzz::require(text.find("\\fr") == std::string_view::npos, "no number has a backslash");
    return 0;
}
