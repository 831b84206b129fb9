// The glue: the LibTorch module as a policy of reft, of two kinds.
#pragma once

#include <reft/adapters/torch.hpp>
#include <reft/models/adamw.hpp>
#include <reft/policy/concepts.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kv_cache.hpp"
#include "transformer.hpp"

namespace torch_example {

/// Hidden states of the positions that predict response tokens, [response tokens, width]. The rows of the batch go
/// through the network side by side, padded at their end.
inline Tensor response_hidden(const transformer& net, const reft::token_batch& batch) {
    std::int64_t longest = 0;
    for (std::int64_t b = 0; b < batch.count(); ++b)
        longest = std::max(
            longest, batch.offsets()[static_cast<std::size_t>(b) + 1] - batch.offsets()[static_cast<std::size_t>(b)]);
    const Tensor ids = torch::zeros({batch.count(), longest}, torch::kLong);
    std::vector<std::int64_t> predictors;  // as indices into the padded positions
    std::size_t next = 0;
    for (std::int64_t b = 0; b < batch.count(); ++b) {
        const std::int64_t begin = batch.offsets()[static_cast<std::size_t>(b)];
        const std::int64_t end = batch.offsets()[static_cast<std::size_t>(b) + 1];
        const auto row = batch.ids().subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
        ids[b].narrow(0, 0, end - begin).copy_(reft::torch_tensor(reft::view(row)));
        for (; next < batch.predictors().size() && batch.predictors()[next] < end; ++next)
            predictors.push_back(b * longest + batch.predictors()[next] - begin);
    }
    return net.forward(ids).flatten(0, 1).index_select(0, torch::tensor(predictors, torch::kLong));
}

/// A frozen module: the reference policy π⁽⁰⁾.
template <class T>
class frozen {
  public:
    using scalar = T;
    frozen(const reft::transformer_options& options, std::span<const T> parameters) : net_(options, parameters) {}

    auto score_logits(const reft::token_batch& batch) {
        const torch::NoGradGuard no_gradient;
        logits_ = net_.logits(response_hidden(net_, batch));
        return reft::torch_view<const T, 2>(logits_);
    }

  private:
    transformer net_;
    Tensor logits_;
};

/// What both kinds of policy share: module, optimiser, sampling, snapshots.
template <class T>
class policy {
  public:
    using scalar = T;

    policy(const reft::transformer_options& options, std::span<const T> parameters)
        : net(std::make_shared<transformer>(options, parameters)),
          optimizer_(net->parameters(), torch::optim::AdamWOptions()
                                            .betas({options.optimizer.beta1, options.optimizer.beta2})
                                            .eps(options.optimizer.epsilon)
                                            .weight_decay(options.optimizer.weight_decay)) {
        zero_gradient();
    }

    std::vector<reft::trajectory> sample(std::span<const reft::generation_prompt> prompts,
                                         const reft::generation_request& request) {
        decoder<T> rows(*net);
        return reft::generate(rows, prompts, request);
    }

    // torch::optim skips parameters without a gradient; AdamW's decay and moments are to reach all of them.
    void zero_gradient() {
        for (Tensor& p : net->parameters()) p.mutable_grad() = torch::zeros_like(p);
    }
    double gradient_norm() const {
        double sum = 0;
        for (const Tensor& p : net->parameters())
            sum += p.grad().to(torch::kDouble).square().sum().template item<double>();
        return std::sqrt(sum);
    }
    void optimizer_step(double learning_rate, double gradient_scale) {
        for (Tensor& p : net->parameters()) p.mutable_grad().mul_(gradient_scale);
        static_cast<torch::optim::AdamWOptions&>(optimizer_.param_groups()[0].options()).lr(learning_rate);
        optimizer_.step();
    }

    frozen<T> snapshot() const { return {net->options(), std::span<const T>(parameters())}; }

    // For finite differences, sums over machines, comparisons: everything as one array.
    std::vector<T> parameters() const {
        return flat([](const Tensor& p) { return p; });
    }
    std::vector<T> gradient() const {
        return flat([](const Tensor& p) { return p.grad(); });
    }
    void set_parameters(std::span<const T> values) {
        const torch::NoGradGuard no_gradient;
        std::size_t at = 0;
        for (Tensor& p : net->parameters()) {
            const auto n = static_cast<std::size_t>(p.numel());
            p.copy_(reft::torch_tensor(reft::view(values.subspan(at, n))).view(p.sizes()));
            at += n;
        }
    }

    void save(const std::string& path) const { torch::save(net, path); }
    void load(const std::string& path) { torch::load(net, path); }

    std::shared_ptr<transformer> net;

  private:
    template <class Part>
    std::vector<T> flat(const Part& part) const {
        std::vector<T> values;
        for (const Tensor& p : net->parameters()) {
            const Tensor x = part(p).detach().contiguous();
            values.insert(values.end(), x.template data_ptr<T>(), x.template data_ptr<T>() + x.numel());
        }
        return values;
    }

    torch::optim::AdamW optimizer_;
};

/// Gives logits; reft's kernel makes the loss and comes back with ∂L/∂logits. Autograd goes on from there.
template <class T>
class logits_policy : public policy<T> {
  public:
    using policy<T>::policy;

    struct evaluated {
        reft::strided_view<const T, 2> logits;
        reft::strided_view<const T, 1> values;
    };
    evaluated evaluate(const reft::token_batch& batch) {
        const Tensor hidden = response_hidden(*this->net, batch);
        logits_ = this->net->logits(hidden);
        values_ = this->net->values(hidden);
        return {reft::torch_view<const T, 2>(logits_), reft::torch_view<const T, 1>(values_)};
    }
    void backward(reft::strided_view<const T, 2> d_logits, reft::strided_view<const T, 1> d_values) {
        std::vector<Tensor> outputs{logits_}, derivatives{reft::torch_tensor(d_logits)};
        if (!d_values.empty()) outputs.push_back(values_), derivatives.push_back(reft::torch_tensor(d_values));
        torch::autograd::backward(outputs, derivatives);
    }

  protected:
    Tensor logits_, values_;
};

/// Gives log-probs and entropies by LibTorch's own softmax: the shape for a model whose logits lie elsewhere, on a device
/// for instance. Only [response tokens] numbers pass to reft and back.
template <class T>
class log_prob_policy : public policy<T> {
  public:
    using policy<T>::policy;

    struct evaluated {
        reft::strided_view<const T, 1> log_probs, entropies, values;
    };
    evaluated evaluate(const reft::token_batch& batch) {
        const Tensor hidden = response_hidden(*this->net, batch);
        const Tensor all = (this->net->logits(hidden) / batch.temperature).log_softmax(-1);
        const Tensor ids = reft::torch_tensor(reft::view(batch.response_ids())).to(torch::kLong);
        log_probs_ = all.gather(1, ids.unsqueeze(1)).squeeze(1);
        entropies_ = -(all.exp() * all).sum(-1);
        values_ = this->net->values(hidden);
        return {view(log_probs_), view(entropies_), view(values_)};
    }
    void backward(reft::strided_view<const T, 1> d_log_probs, reft::strided_view<const T, 1> d_entropies,
                  reft::strided_view<const T, 1> d_values) {
        std::vector<Tensor> outputs{log_probs_, entropies_};
        std::vector<Tensor> derivatives{reft::torch_tensor(d_log_probs), reft::torch_tensor(d_entropies)};
        if (!d_values.empty()) outputs.push_back(values_), derivatives.push_back(reft::torch_tensor(d_values));
        torch::autograd::backward(outputs, derivatives);
    }

  private:
    static auto view(const Tensor& x) { return reft::torch_view<const T, 1>(x); }

    Tensor log_probs_, entropies_, values_;
};

static_assert(reft::logits_policy<logits_policy<float>> && reft::log_prob_policy<log_prob_policy<float>>);
static_assert(reft::sampler<policy<float>> && reft::optimizable<policy<float>> && reft::snapshotable<policy<float>>);
static_assert(reft::inspectable<policy<float>> && reft::savable<policy<float>>);

}  // namespace torch_example
