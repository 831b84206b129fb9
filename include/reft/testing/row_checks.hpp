// Checks that every token is scored after what stands before it in its own row, and after nothing else.
#pragma once

#include <reft/testing/policy_subject.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <vector>

namespace reft::inline REFT_ABI::detail {

/// Response token t, in every row that has one, replaced by another; t = −1 is the last token of the prompt.
inline std::vector<check_row> with_other_token(std::vector<check_row> rows, std::ptrdiff_t t, std::int64_t vocabulary) {
    for (check_row& row : rows) {
        if (t < 0) row.prompt.back() = other_than(row.prompt.back(), vocabulary);
        if (t >= 0 && t < std::ssize(row.response)) {
            token_id& id = row.response[static_cast<std::size_t>(t)];
            id = other_than(id, vocabulary);
        }
    }
    return rows;
}

/// Changing token t must leave alone the scores of earlier tokens, and the entropy and the value at t itself.
template <class Subject>
finding effects_on_earlier_tokens(Subject& subject) {
    auto policy = subject.made();
    const token_batch batch = subject.batch();
    const auto before = scores_of(policy, batch);
    largest_finding largest;
    for (std::int64_t t = 0; t < subject.options().longest_response; ++t) {
        const auto changed = with_other_token(subject.rows(), t, subject.options().vocabulary);
        const auto now = scores_of(policy, batch_of_rows(changed, 1.0));
        for (std::size_t b = 0; b < changed.size(); ++b) {
            const scored_row row_now(now, batch, b), row(before, batch, b);
            const std::string name =
                "When response token " + std::to_string(t) + " is another one, row " + std::to_string(b);
            const auto at = static_cast<std::size_t>(t);
            if (at >= row.tokens) continue;
            note_difference(largest, name, row_now, row, at);
            const auto note = [&](const char* what, double a, double b_) {
                largest.note(deviation(a, b_), [&] {
                    return name + ", response token " + std::to_string(t) + " itself: the " + what + " is " +
                           figure(a) + " instead of " + figure(b_) + ".";
                });
            };
            note("entropy", row_now.entropy(at), row.entropy(at));
            if (row.has_values()) note("value", row_now.value(at), row.value(at));
        }
    }
    return largest.result();
}

/// The share of tokens whose `number` stays the same to the last bit when the token right before them is another one.
template <class Subject, class Number>
finding tokens_blind_to_the_last(Subject& subject, const char* what, Number&& number) {
    auto policy = subject.made();
    const token_batch batch = subject.batch();
    const auto before = scores_of(policy, batch);
    violations blind;
    for (std::int64_t t = 0; t < subject.options().longest_response; ++t) {
        const auto now = scores_of(
            policy, batch_of_rows(with_other_token(subject.rows(), t - 1, subject.options().vocabulary), 1.0));
        for (std::size_t b = 0; b < subject.rows().size(); ++b) {
            const scored_row row(before, batch, b);
            const auto at = static_cast<std::size_t>(t);
            if (at >= row.tokens) continue;
            blind.note(number(scored_row(now, batch, b), at) == number(row, at), [&] {
                return std::string("The ") + what + " at response token " + std::to_string(t) + " of row " +
                       std::to_string(b) + " stays " + figure(number(row, at)) + " when the token before it changes; ";
            });
        }
    }
    finding found = blind.result();
    found.where +=
        "so it is at " + figure(found.measured) + " of " + std::to_string(batch.response_tokens()) + " tokens.";
    found.measured /= static_cast<double>(batch.response_tokens());
    return found;
}

/// Scores `rows` alone and notes the difference to their scores in the whole batch.
template <class Subject, class Policy>
void note_batch_of(largest_finding& largest, Subject& subject, Policy& policy, const std::vector<check_row>& rows,
                   const std::string& when) {
    for (const double temperature : subject.temperatures()) {
        const token_batch whole = subject.batch(temperature), part = batch_of_rows(rows, temperature);
        const auto expected = scores_of(policy, whole), now = scores_of(policy, part);
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const scored_row row(expected, whole, rows[i].number);
            note_difference(largest, "Row " + std::to_string(rows[i].number) + " " + when, scored_row(now, part, i),
                            row, row.tokens);
        }
    }
}

template <class Subject>
finding rows_alone(Subject& subject) {
    auto policy = subject.made();
    largest_finding largest;
    for (const check_row& row : subject.rows())
        if (!row.response.empty()) note_batch_of(largest, subject, policy, {row}, "scored alone");
    return largest.result();
}

template <class Subject>
finding rows_in_another_order(Subject& subject) {
    auto policy = subject.made();
    largest_finding largest;
    auto rows = subject.rows();
    std::reverse(rows.begin(), rows.end());
    note_batch_of(largest, subject, policy, rows, "with the rows in reverse");
    std::rotate(rows.begin(), rows.begin() + 2, rows.end());
    note_batch_of(largest, subject, policy, rows, "with the rows in another order");
    return largest.result();
}

template <class Subject>
finding rows_without_empty_ones(Subject& subject) {
    auto policy = subject.made();
    largest_finding largest;
    auto rows = subject.rows();
    std::erase_if(rows, [](const check_row& row) { return row.response.empty(); });
    note_batch_of(largest, subject, policy, rows, "without the row that has no response");
    return largest.result();
}

template <class Subject>
void check_rows_apart(checklist& list, Subject& subject) {
    const double limit = subject.tolerances().outputs;
    list.run("a row alone scores as among others", limit,
             "padding takes part (in attention, in a mean, in positions), or a row goes on from the state of the one "
             "before.",
             [&] { return rows_alone(subject); });
    list.run("the order of the rows does not matter", limit,
             "rows are matched with the wrong lengths, or a row goes on from the state of the one before.",
             [&] { return rows_in_another_order(subject); });
    list.run("a row without response changes nothing", limit,
             "offsets are built from rows that have tokens, or the row leaves one entry behind.",
             [&] { return rows_without_empty_ones(subject); });
    list.run("no token sees itself or what follows", limit,
             "the causal mask is missing, or the scores of token t are taken from the position of token t itself: they "
             "stand at the position before it, batch.predictors()[t].",
             [&] { return effects_on_earlier_tokens(subject); });
    const auto entropy = [](const auto& row, std::size_t t) { return row.entropy(t); };
    list.run("every token sees the one before it", 0.5,
             "scores are taken one position too early: the logits at a position predict the next token.",
             [&] { return tokens_blind_to_the_last(subject, "entropy", entropy); });
}

}  // namespace reft::inline REFT_ABI::detail
