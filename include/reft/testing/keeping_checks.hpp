// Checks of what is kept of a policy: a snapshot that stays, a file that gives the same policy back.
#pragma once

#include <reft/testing/accumulation_checks.hpp>
#include <reft/testing/learning_checks.hpp>
#include <reft/testing/policy_subject.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace reft::inline REFT_ABI::detail {

/// Notes by how much a reference's log-probs differ from these.
template <class Reference, class T>
void note_reference(largest_finding& largest, Reference& reference, const token_batch& batch,
                    const std::vector<T>& expected, const std::string& when) {
    const auto log_probs = reference_log_probs(reference, batch, serial());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const auto a = static_cast<double>(log_probs[i]), b = static_cast<double>(expected[i]);
        largest.note(deviation(a, b), [&] {
            return "At temperature " + figure(batch.temperature) + " the snapshot gives response token " +
                   std::to_string(i) + " of the batch the log-prob " + figure(a) + " instead of " + figure(b) + when +
                   ".";
        });
    }
}

template <class Subject>
finding snapshot_against_policy(Subject& subject) {
    auto policy = subject.made();
    auto reference = policy.snapshot();
    largest_finding largest;
    for (const double temperature : subject.temperatures()) {
        const token_batch batch = subject.batch(temperature);
        note_reference(largest, reference, batch, scores_of(policy, batch).log_probs, ", what evaluate gives");
    }
    return largest.result();
}

/// Three steps on everything, at a learning rate that surely moves something.
template <class Subject, class Policy>
void train_a_little(Subject& subject, Policy& policy) {
    for (int step = 0; step < 3; ++step)
        take_step(policy, {subject.rows()}, subject.options(), subject.has_values(),
                  subject.options().learning_rate / 10);
}

template <class Subject>
finding snapshot_after_steps(Subject& subject) {
    auto policy = subject.made();
    const token_batch batch = subject.batch();
    auto reference = policy.snapshot();
    const auto before = reference_log_probs(reference, batch, serial());
    train_a_little(subject, policy);
    scores_of(policy, batch);
    largest_finding largest;
    note_reference(largest, reference, batch, before, ", after three steps of the policy");
    return largest.result();
}

/// The snapshot scores another batch when the policy has been evaluated and has not gone back yet.
template <class Subject>
finding gradient_after_snapshot_scored(Subject& subject) {
    gradient_question question{subject.rows()};
    const auto expected = gradient_alone(subject, question);
    auto policy = subject.made();
    auto reference = policy.snapshot();
    const token_batch other = batch_of_rows(random_rows(subject.options(), 1), subject.options().temperature);
    question.between = [&] { reference_log_probs(reference, other, serial()); };
    policy.zero_gradient();
    add_gradient(policy, question, subject.options().seed, subject.has_values());
    return gradients_compared("When the snapshot scores between evaluate and backward,", seen_gradient(policy),
                              expected);
}

template <class Subject>
void check_snapshot(checklist& list, Subject& subject) {
    const double limit = subject.tolerances().outputs;
    const char* const same = "a snapshot scores like the policy";
    if (subject.options().snapshot_is_copy)
        list.run(same, limit, "the snapshot leaves something out, or its score ignores batch.temperature.",
                 [&] { return snapshot_against_policy(subject); });
    else
        list.leave_out(same, "The options say that it need not: snapshot_is_copy is false.");
    if constexpr (optimizable<typename Subject::policy>) {
        list.run("a snapshot stays as it was when the policy learns", limit,
                 "the snapshot shares parameters with the policy: a copied pointer, a tensor that is not cloned.",
                 [&] { return snapshot_after_steps(subject); });
        list.run("scoring with a snapshot leaves the policy's evaluate alone", limit,
                 "snapshot and policy share buffers or an engine that keeps one evaluation.",
                 [&] { return gradient_after_snapshot_scored(subject); });
    }
}

/// A path that nothing has yet, removed at the end.
class fresh_path {
  public:
    explicit fresh_path(const std::string& folder) {
        std::filesystem::path in = folder;
        if (folder.empty()) in = std::filesystem::temp_directory_path();
        std::uint64_t number = reinterpret_cast<std::uintptr_t>(this);
        do path_ = in / ("reft_check_policy_" + std::to_string(number++));
        while (std::filesystem::exists(path_));
    }
    fresh_path(const fresh_path&) = delete;
    fresh_path& operator=(const fresh_path&) = delete;
    ~fresh_path() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    std::string text() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

/// A policy is saved, goes on learning, and is loaded into another one that has learnt too.
template <class Subject>
finding loaded_policy(Subject& subject) {
    const fresh_path path(subject.options().folder);
    const token_batch batch = subject.batch();
    auto policy = subject.made();
    const auto saved = scores_of(policy, batch);
    policy.save(path.text());
    auto other = subject.made();
    if constexpr (optimizable<typename Subject::policy>) {
        train_a_little(subject, policy);
        train_a_little(subject, other);
    }
    largest_finding largest;
    other.load(path.text());
    note_difference(largest, "of the policy that loaded the file", batch, scores_of(other, batch), saved);
    policy.load(path.text());
    note_difference(largest, "of the policy that saved the file, after loading it", batch, scores_of(policy, batch),
                    saved);
    return largest.result();
}

template <class Subject>
void check_saving(checklist& list, Subject& subject) {
    list.run("what was saved is what is loaded", subject.tolerances().outputs,
             "a part of the parameters is not saved (the value head, biases), numbers are written with too few digits, "
             "or something made of the old parameters is kept after load.",
             [&] { return loaded_policy(subject); });
}

}  // namespace reft::inline REFT_ABI::detail
