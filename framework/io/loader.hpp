// Plugin modules: finding, checking and entering them (Boost.DLL).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gibbsite/api/registry.hpp"

namespace gibbsite {

/// Loads one module into `registry` and never unloads it. Throws Error
/// `file: plugin refused: reason` where the file is no plugin, its API version or stamp differs
/// (both are shown), anyone may write to it, it changes the state of the
/// process (floating point, locale, signals ...), or it registers a taken name.
void load_module(const std::filesystem::path& file, Registry& registry);

/// The digest of the source that a module was compiled from by compile_plugin (io/compiler.hpp),
/// empty where it was made otherwise. The module must be loaded.
std::string source_of_module(const std::filesystem::path& file);

/// The comment at the head of the source of a module, as `help` and `docs` show it: its first lines
/// as far as they begin with `//`, without that. Empty where the build did not put it into the
/// module (gibbsite_add_plugin and compile_plugin do). The module must be loaded.
std::string comment_of_module(const std::filesystem::path& file);

/// Makes `registry` load `<folder>/<kind>/<name>.so` on demand: a run loads what its spec names. A
/// name that two folders have is refused with both files. A build that leaves a module out has
/// `<name>.missing` instead; asking for it throws Error with the reason that this file gives.
void load_on_demand(const std::vector<std::filesystem::path>& folders, Registry& registry);
inline void load_on_demand(const std::filesystem::path& folder, Registry& registry) {
  load_on_demand(std::vector<std::filesystem::path>{folder}, registry);
}

/// Where modules of this precision are looked for, and nowhere else: module_folder() and
/// `<folder>/<precision>` for each full path of GIBBSITE_PLUGIN_PATH (separated by colons). Throws
/// Error for a path that is not full.
std::vector<std::filesystem::path> module_folders();

/// The folder of the modules of this build's precision, beside the running program's library.
std::filesystem::path module_folder();

}  // namespace gibbsite
