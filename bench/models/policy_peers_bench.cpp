// The reference policy against the same network in LibTorch, in one process and in turns.
#include <reft/core/thread_pool.hpp>
#include <reft/loss/cross_entropy.hpp>
#include <reft/models/transformer.hpp>
#include <reft/training/policy_pass.hpp>

#include <benchmark/benchmark.h>

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <iomanip>
#include <iostream>
#include <memory>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/support/torch_setting.hpp"
#include "bench/support/torch_threads.hpp"
#include "examples/torch_policy_parts/transformer.hpp"

namespace {

using model = reft::transformer<float>;
using torch_transformer = torch_example::transformer;

constexpr std::int64_t rows = 32, prompt_tokens = 32, response_tokens = 32, new_tokens = 64;

/// Keys and values of rows that are all at the same position, allocated once for `length` of them: what a careful user
/// writes for a benchmark, where a cache of rows at different positions would copy them at every step.
class torch_kv_cache final : public torch_example::past {
  public:
    torch_kv_cache(const torch_transformer& net, std::int64_t count, std::int64_t length)
        : causal_(torch_example::causal_mask(length, net.numbers())) {
        const reft::transformer_options& o = net.options();
        for (std::int64_t l = 0; l < o.layers; ++l)
            for (auto* kept : {&keys_, &values_})
                kept->push_back(torch::zeros({count * o.kv_heads, length, o.head_width()}, net.numbers()));
    }
    /// n positions that follow what the cache holds, to last hidden states.
    torch::Tensor forward(const torch_transformer& net, const torch::Tensor& ids) {
        const torch::Tensor hidden = net.forward(ids, *this);
        first_ += ids.size(1);
        return hidden;
    }

    torch::Tensor places(const torch::Tensor& table, std::int64_t n) const override {
        return table.narrow(0, first_, n).unsqueeze(0);
    }
    std::pair<torch::Tensor, torch::Tensor> append(std::size_t layer, const torch::Tensor& keys,
                                                   const torch::Tensor& values) override {
        const auto all = [&](torch::Tensor& kept, const torch::Tensor& added) {
            kept.narrow(1, first_, added.size(1)).copy_(added);
            return kept.narrow(1, 0, first_ + added.size(1));
        };
        return {all(keys_[layer], keys), all(values_[layer], values)};
    }
    torch::Tensor mask(std::int64_t n, std::int64_t seen) const override {
        return n == 1 ? torch::Tensor() : causal_.narrow(0, first_, n).narrow(1, 0, seen);
    }

  private:
    std::vector<torch::Tensor> keys_, values_;  // one per layer, [rows · kv_heads, length, head_width]
    torch::Tensor causal_;
    std::int64_t first_ = 0;  // positions already held
};

// --- the same network on both sides ---------------------------------------------------------------------------

reft::transformer_options shape(std::int64_t width, std::int64_t layers) {
    return {.vocabulary = 64,
            .width = width,
            .layers = layers,
            .heads = 4,
            .kv_heads = 4,
            .hidden = width * 11 / 4,
            .max_length = 128};
}

reft::token_id id_at(std::int64_t row, std::int64_t position) {
    return static_cast<reft::token_id>((row * 7 + position * position * 3 + 5) % 64);
}

std::vector<reft::token_id> ids_of(std::int64_t row, std::int64_t begin, std::int64_t end) {
    std::vector<reft::token_id> ids;
    for (std::int64_t i = begin; i < end; ++i) ids.push_back(id_at(row, i));
    return ids;
}

torch::Tensor torch_ids(std::int64_t length) {
    auto ids = torch::empty({rows, length}, torch::kLong);
    for (std::int64_t b = 0; b < rows; ++b)
        for (std::int64_t i = 0; i < length; ++i) ids[b][i] = id_at(b, i);
    return ids;
}

/// Errors    runtime_error if the two sides do not compute the same.
void require_same(const std::string& what, double ours, double theirs) {
    if (std::abs(ours - theirs) > 1e-3 * std::max(1.0, std::abs(ours)))
        throw std::runtime_error(what + " is " + std::to_string(ours) + " in reft but " + std::to_string(theirs) +
                                 " in LibTorch");
}

class reft_side {
  public:
    reft_side(const reft::transformer_options& options, int threads)
        : pool_(threads), policy(options, 1, pool_), pass_(policy, pool_), prompts_(rows) {
        for (std::int64_t b = 0; b < rows; ++b) {
            const auto prompt = ids_of(b, 0, prompt_tokens);
            batch.add(prompt, ids_of(b, prompt_tokens, prompt_tokens + response_tokens));
            prompts_[static_cast<std::size_t>(b)] = {prompt, static_cast<std::uint32_t>(b), 0};
        }
    }
    void accumulate_gradient() {
        policy.zero_gradient();
        pass_.accumulate_gradient(batch, reft::cross_entropy<float>(), reft::no_value_loss(), weights_);
    }
    void train() {
        accumulate_gradient();
        policy.optimizer_step(1e-4, 1.0);
    }
    void generate() {
        const auto responses = policy.sample(std::span<const reft::generation_prompt>(prompts_), request_);
        benchmark::DoNotOptimize(responses.size());
    }

  private:
    reft::thread_pool pool_;

  public:
    model policy;
    reft::token_batch batch;

  private:
    reft::policy_pass<model> pass_;
    const std::vector<float> weights_ = std::vector<float>(rows * response_tokens, 1.0f / (rows * response_tokens));
    std::vector<reft::generation_prompt> prompts_;
    const reft::generation_request request_{.max_new_tokens = new_tokens};
};

class torch_side {
  public:
    torch_side(const reft::transformer_options& options, const model& like)
        : policy(options, like.parameters()),
          optimizer_(policy.parameters(), torch::optim::AdamWOptions(1e-4).weight_decay(0)) {}

    /// Only the positions that predict a response token go through the head, as in reft.
    torch::Tensor response_logits() {
        const auto hidden = policy.forward(ids).narrow(1, prompt_tokens - 1, response_tokens);
        values_ = policy.values(hidden);
        return policy.logits(hidden).flatten(0, 1);
    }
    void accumulate_gradient() {
        optimizer_.zero_grad();
        torch::nn::functional::cross_entropy(response_logits(), targets_).backward();
    }
    void train() {
        accumulate_gradient();
        optimizer_.step();
    }
    void generate() {
        const torch::NoGradGuard no_gradient;
        torch_kv_cache cache(policy, rows, prompt_tokens + new_tokens);
        std::vector<torch::Tensor> response;
        torch::Tensor next = prompts_;
        for (std::int64_t t = 0; t < new_tokens; ++t) {
            const auto hidden = cache.forward(policy, next).select(1, next.size(1) - 1);
            next = torch::multinomial(policy.logits(hidden).softmax(-1), 1);
            response.push_back(next);
        }
        benchmark::DoNotOptimize(torch::cat(response, 1).numel());
    }
    double gradient_norm() const {
        double sum = 0;
        for (const auto& p : policy.parameters())
            if (p.grad().defined()) sum += p.grad().square().sum().item<double>();
        return std::sqrt(sum);
    }

    const torch::Tensor ids = torch_ids(prompt_tokens + response_tokens);

  private:
    const torch::Tensor prompts_ = ids.narrow(1, 0, prompt_tokens).contiguous();
    const torch::Tensor targets_ = ids.narrow(1, prompt_tokens, response_tokens).flatten();
    torch::Tensor values_;

  public:
    torch_transformer policy;

  private:
    torch::optim::AdamW optimizer_;
};

/// Errors    runtime_error if logits, gradient or decoding differ.
void require_same_network(reft_side& ours, torch_side& theirs) {
    const auto logits = ours.policy.evaluate(ours.batch).logits;
    const auto torch_logits = theirs.response_logits().contiguous();
    for (std::int64_t i = 0; i < logits.extent(0); ++i)
        for (std::int64_t j = 0; j < logits.extent(1); ++j)
            require_same("a logit", double(logits(i, j)), double(torch_logits.data_ptr<float>()[i * 64 + j]));
    ours.accumulate_gradient();
    theirs.accumulate_gradient();
    require_same("the norm of the gradient", ours.policy.gradient_norm(), theirs.gradient_norm());

    const torch::NoGradGuard no_gradient;
    torch_kv_cache cache(theirs.policy, rows, prompt_tokens + response_tokens);
    cache.forward(theirs.policy, theirs.ids.narrow(1, 0, prompt_tokens));
    torch::Tensor hidden;
    for (std::int64_t t = prompt_tokens; t < prompt_tokens + response_tokens; ++t)
        hidden = cache.forward(theirs.policy, theirs.ids.narrow(1, t, 1));
    const auto whole = theirs.policy.forward(theirs.ids).narrow(1, prompt_tokens + response_tokens - 1, 1);
    require_same("the difference of decoding and LibTorch's whole rows", 0,
                 (hidden - whole).abs().max().item<double>());
}

// --- measuring in turns ---------------------------------------------------------------------------------------

struct row_of_table {
    std::string kernel, shape;
    int threads;
    double ours, theirs;
};
std::vector<row_of_table> table;

double seconds(const std::function<void()>& work, int times) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < times; ++i) work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// One side of a comparison. A measurement takes about 0.2 s, so that a thread that wakes late does not count.
class contestant {
  public:
    explicit contestant(std::function<void()> work) : work_(std::move(work)) {
        while (seconds(work_, times_) < 0.15) times_ *= 2;
    }
    void measure() {
        // Idle threads of OpenMP and OpenBLAS spin for a while; they must not run beside the other side.
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        seconds_.push_back(seconds(work_, times_) / times_);
    }
    double last() const { return seconds_.back(); }
    double median() const {
        auto sorted = seconds_;
        std::sort(sorted.begin(), sorted.end());
        return sorted[sorted.size() / 2];
    }

  private:
    std::function<void()> work_;
    int times_ = 1;
    std::vector<double> seconds_;
};

/// Medians of repetitions in turns; who begins alternates.
void compare(benchmark::State& state, const std::string& kernel, std::int64_t tokens, std::function<void()> ours,
             std::function<void()> theirs) {
    contestant a(std::move(ours)), b(std::move(theirs));
    bool ours_first = true;
    for (auto _ : state) {
        (ours_first ? a : b).measure();
        (ours_first ? b : a).measure();
        ours_first = !ours_first;
        state.SetIterationTime(a.last());
    }
    const row_of_table row{kernel,
                           "width " + std::to_string(state.range(0)) + ", layers " + std::to_string(state.range(1)),
                           static_cast<int>(state.range(2)), double(tokens) / a.median(), double(tokens) / b.median()};
    table.push_back(row);
    state.counters["items_per_second"] = row.ours;
    state.counters["torch_items_per_second"] = row.theirs;
    state.counters["times_torch"] = row.ours / row.theirs;
}

void print_table(std::ostream& out) {
    std::ostringstream text;
    text << '\n'
         << std::left << std::setw(18) << "kernel" << std::setw(22) << "shape" << std::right << std::setw(7)
         << "threads" << std::setw(16) << "reft tokens/s" << std::setw(16) << "torch tokens/s" << std::setw(8)
         << "ratio" << '\n';
    for (const row_of_table& row : table)
        text << std::left << std::setw(18) << row.kernel << std::setw(22) << row.shape << std::right << std::setw(7)
             << row.threads << std::fixed << std::setprecision(0) << std::setw(16) << row.ours << std::setw(16)
             << row.theirs << std::setprecision(2) << std::setw(8) << row.ours / row.theirs << '\n';
    if (!bench::openblas<char*()>("openblas_get_config"))
        text << "LibTorch does not use OpenBLAS here (Debian: libopenblas0); with another BLAS it may be many times "
                "slower.\n";
    out << text.str() << std::flush;
}

/// Forward, backward and AdamW on 32 rows of 64 tokens, a prompt of 32 and a response of 32.
void policy_train(benchmark::State& state) {
    const auto options = shape(state.range(0), state.range(1));
    bench::set_torch_threads(static_cast<int>(state.range(2)));
    reft_side ours(options, static_cast<int>(state.range(2)));
    torch_side theirs(options, ours.policy);
    require_same_network(ours, theirs);
    compare(
        state, "policy_train", ours.batch.tokens(), [&] { ours.train(); }, [&] { theirs.train(); });
}

/// 32 rows, a prompt of 32 tokens and a response of 64 each, sampled at temperature 1. Reft also keeps the log-probs.
void policy_generate(benchmark::State& state) {
    const auto options = shape(state.range(0), state.range(1));
    bench::set_torch_threads(static_cast<int>(state.range(2)));
    reft_side ours(options, static_cast<int>(state.range(2)));
    torch_side theirs(options, ours.policy);
    require_same_network(ours, theirs);
    compare(
        state, "policy_generate", rows * new_tokens, [&] { ours.generate(); }, [&] { theirs.generate(); });
}

void shapes(benchmark::internal::Benchmark* bench) {
    bench->ArgNames({"width", "layers", "threads"});
    for (const int width : {64, 128})
        for (const int threads : {1, 2}) bench->Args({width, width / 32, threads});
    bench->Iterations(9)->UseManualTime()->Unit(benchmark::kMillisecond);
}

}  // namespace

BENCHMARK(policy_train)->Apply(shapes);
BENCHMARK(policy_generate)->Apply(shapes);

int main(int argc, char** argv) try {
    bench::restart_with("tuned", false, argv);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    bench::describe_torch();
    benchmark::AddCustomContext("settings", bench::settings_in_force());
    const std::unique_ptr<benchmark::BenchmarkReporter> reporter(benchmark::CreateDefaultDisplayReporter());
    benchmark::RunSpecifiedBenchmarks(reporter.get());
    // Whoever asked for JSON or CSV has the same numbers there.
    if (!table.empty() && dynamic_cast<benchmark::ConsoleReporter*>(reporter.get())) print_table(std::cout);
    return 0;
} catch (const std::exception& error) {
    std::cerr << "policy_peers_bench: " << error.what() << '\n';
    return 1;
}
