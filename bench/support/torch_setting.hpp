// The settings of LibTorch that act per process: a program starts itself anew with them.
#pragma once

#include <string>

namespace bench {

/// Restarts the program once with the variables of a setting. What the caller has set stays as it is.
///
///   tuned     temporaries come from pages that were touched before (about what a caching allocator gives), and the
///             widest vectors that the processor has, which LibTorch does not use by itself
///   default   what whoever installs the package gets
///
/// With `huge_pages` malloc asks for huge pages as well. OpenMP's threads never spin: with spinning threads, two were
/// slower than one where cores are shared.
void restart_with(const std::string& setting, bool huge_pages, char** argv);

/// The settings in force, in one line.
std::string settings_in_force();

}  // namespace bench
