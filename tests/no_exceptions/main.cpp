// Built with -fno-exceptions -fno-rtti: what never throws.
#include <reft/core/config.hpp>
#include <reft/core/executor.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/function_ref.hpp>
#include <reft/core/random.hpp>
#include <reft/core/strided_view.hpp>
#include <reft/loss/kl_estimate.hpp>
#include <reft/reward/comparison.hpp>
#include <reft/reward/extract.hpp>
#include <reft/text/answer.hpp>
#include <reft/text/number.hpp>
#include <reft/text/prompt_template.hpp>

#include <cstdint>
#include <cstdio>

int main() {
    int failures = 0;
    const auto expect = [&failures](bool holds, const char* what) {
        if (holds) return;
        std::printf("does not hold: %s\n", what);
        ++failures;
    };

    const float numbers[6] = {1, 2, 3, 4, 5, 6};
    const reft::strided_view<const float, 2> matrix(numbers, {2, 3});
    expect(matrix(1, 2) == 6.0f && matrix[1][0] == 4.0f, "a view reads where it should");
    expect(static_cast<float>(reft::bfloat16(1.0f)) == 1.0f, "1 is a bfloat16");
    expect(reft::python_float("1_000") == 1000.0, "the number grammar is Python's");

    const reft::answer gold{.kind = reft::answer_kind::number, .number = 25};
    const auto said = reft::mwp_reft_number_extractor()("so 5 * 5 it is\nTherefore, the answer is: 25");
    expect(said.found && reft::within_absolute{}(*said.found, gold), "the answer is found and right");
    const auto hostile = reft::mwp_reft_number_extractor()("\xff\xfe Therefore, the answer is: \xc3");
    expect(!hostile.found, "bytes that are no text have no answer");

    const auto kl = reft::kl_estimate(reft::kl_estimator::k3, -1.0, -1.0);
    expect(kl.value == 0 && kl.d_log_prob == 0, "equal log-probs have no KL");

    std::int64_t sum = 0;
    reft::serial_executor pool;
    pool.run(4, [&sum](std::int64_t i, int) { sum += i; });
    expect(sum == 6, "the executor runs every task");
    expect(reft::random_stream(1).bits() != reft::random_stream(2).bits(), "seeds differ");
    return failures == 0 ? 0 : 1;
}
