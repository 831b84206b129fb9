// Catch2 after LibTorch, whose logging has a macro CHECK too: it would abort where a test should report.
#pragma once

#include <torch/torch.h>

#undef CHECK
#include "support/catch.hpp"
