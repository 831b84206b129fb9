// Answers extracted from GSM8K's worked solutions, beside memchr over the same bytes: what looking at each once costs.
// The data are those of $REFT_DATA_DIR, or of ../shared/data.
#include <reft/reward/extract_presets.hpp>
#include <reft/text/json_gsm8k.hpp>
#include <reft/text/json_problems.hpp>

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

namespace {

/// The worked solutions with their last line, `#### 18`, or without it.
std::vector<std::string> solutions(bool with_answer) {
    const char* const folder = std::getenv("REFT_DATA_DIR");
    std::vector<std::string> texts;
    for (const char* const file : {"gsm8k_train.jsonl", "gsm8k_test.jsonl"}) {
        const std::string path = std::string(folder ? folder : "../shared/data") + "/" + file;
        for (const reft::problem& p : reft::read_problems(path, reft::gsm8k_format{}).problems) {
            texts.push_back(p.chain_of_thought);
            if (with_answer) texts.back() += "\n#### " + p.gold;
        }
    }
    return texts;
}

/// `found(text)` over all texts.
template <class Found>
void over_solutions(benchmark::State& state, bool with_answer, Found found) {
    std::vector<std::string> texts;
    try {
        texts = solutions(with_answer);
    } catch (const std::exception& e) {
        return state.SkipWithError(e.what());
    }
    std::int64_t bytes = 0;
    for (const std::string& text : texts) bytes += static_cast<std::int64_t>(text.size());
    for (auto _ : state)
        for (const std::string& text : texts) benchmark::DoNotOptimize(found(text));
    state.SetBytesProcessed(state.iterations() * bytes);
}

bool extracted(const std::string& text) {
    return reft::extract_answer(text, reft::answer_format::ncot).found.has_value();
}
bool seen(const std::string& text) { return std::memchr(text.data(), '\1', text.size()) != nullptr; }

}  // namespace

BENCHMARK_CAPTURE(over_solutions, memchr, true, seen);
BENCHMARK_CAPTURE(over_solutions, extract, true, extracted);
BENCHMARK_CAPTURE(over_solutions, extract_from_texts_without_answer, false, extracted);
