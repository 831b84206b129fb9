// All algorithms of reft. Nothing but the standard library is included, here or below.
//
// What reads and judges real texts is a quarter more to compile, and included by those who need it:
// reward/extract_presets.hpp (all extractors), reward/combined_reward.hpp, reward/parallel_reward.hpp,
// reward/program_reward.hpp, reward/arithmetic_program.hpp, text/problem.hpp, text/mathqa_options.hpp, inference/*.hpp.
#pragma once

#include <reft/core/config.hpp>
#include <reft/core/error.hpp>
#include <reft/core/executor.hpp>
#include <reft/core/float16.hpp>
#include <reft/core/integer_view.hpp>
#include <reft/core/moments.hpp>
#include <reft/core/random.hpp>
#include <reft/core/rows.hpp>
#include <reft/core/std_tensors.hpp>
#include <reft/core/strided_view.hpp>
#include <reft/core/tensor_traits.hpp>
#include <reft/core/weights.hpp>
#include <reft/core/workspace.hpp>

#include <reft/text/answer.hpp>
#include <reft/text/number.hpp>
#include <reft/text/prompt_template.hpp>
#include <reft/text/tokenizer.hpp>

#include <reft/policy/concepts.hpp>
#include <reft/policy/generation.hpp>
#include <reft/policy/generation_request.hpp>
#include <reft/policy/sampling.hpp>
#include <reft/policy/token_batch.hpp>
#include <reft/policy/trajectory.hpp>

#include <reft/reward/answer_reward.hpp>
#include <reft/reward/comparison.hpp>
#include <reft/reward/extract.hpp>
#include <reft/reward/kl.hpp>
#include <reft/reward/kl_controller.hpp>
#include <reft/reward/shaped_rewards.hpp>

#include <reft/advantage/gae.hpp>
#include <reft/advantage/whiten.hpp>

#include <reft/loss/clipped_policy.hpp>
#include <reft/loss/clipped_value.hpp>
#include <reft/loss/cross_entropy.hpp>
#include <reft/loss/entropy_bonus.hpp>
#include <reft/loss/kl_estimate.hpp>
#include <reft/loss/kl_penalty.hpp>
#include <reft/loss/statistics.hpp>
#include <reft/loss/token_loss.hpp>

#include <reft/kernel/full_kl.hpp>
#include <reft/kernel/linear_head.hpp>
#include <reft/kernel/log_probs.hpp>
#include <reft/kernel/logits.hpp>
#include <reft/kernel/token_logits.hpp>
#include <reft/kernel/values.hpp>
