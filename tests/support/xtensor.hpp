// What the tests need of xtensor beside the adapter, wherever a release keeps it.
#pragma once

#include <reft/adapters/xtensor.hpp>

#if __has_include(<xtensor/containers/xtensor.hpp>)  // 0.26 and later
#include <xtensor/containers/xadapt.hpp>
#include <xtensor/containers/xfixed.hpp>
#include <xtensor/misc/xmanipulation.hpp>
#else
#include <xtensor/xadapt.hpp>
#include <xtensor/xfixed.hpp>
#include <xtensor/xmanipulation.hpp>
#endif
