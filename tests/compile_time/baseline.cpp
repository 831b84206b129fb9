#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>
