// corpus: records
#include <reft/text/json_records.hpp>

#include <sstream>

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::istringstream in{std::string(fuzz::text_of(data, size))};
    reft::json_records records(in, "input", {.largest = 100, .deepest = 4});
    std::int64_t last_line = 0;
    std::size_t count = 0;
    while (const auto record = records.next()) {
        fuzz::require(record->text.size() <= 100, "a record is not larger than allowed");
        fuzz::require(record->line >= last_line && record->line >= 1, "records come in the order of their lines");
        last_line = record->line;
        fuzz::require(++count <= size + 1, "there are no more records than bytes");
    }
    fuzz::require(!records.next(), "behind the end there is nothing");
    return 0;
}
