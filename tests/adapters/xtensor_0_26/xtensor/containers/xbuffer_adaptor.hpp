// Forwards to where releases before 0.26 keep this header.
#pragma once

#include <xtensor/xbuffer_adaptor.hpp>
