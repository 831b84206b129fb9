#include <reft/reft.hpp>
