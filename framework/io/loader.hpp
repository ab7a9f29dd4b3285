// Plugin modules: finding, checking and entering them (Boost.DLL).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "gibbsite/api/registry.hpp"

namespace gibbsite {

/// Loads one module into `registry` and never unloads it. Throws Error
/// `file: plugin refused: reason` where the file is no plugin, its API version or stamp differs
/// (both are shown), it changes the floating-point state, or it registers a taken name.
void load_module(const std::filesystem::path& file, Registry& registry);

/// The digest of the source that a module was compiled from by compile_plugin (io/compiler.hpp),
/// empty where it was made otherwise. The module must be loaded.
std::string source_of_module(const std::filesystem::path& file);

/// Makes `registry` load `<folder>/<kind>/<name>.so` on demand: a run loads what its spec names. A
/// build that leaves a module out has `<name>.missing` instead; asking for it throws Error with the
/// reason that this file gives.
void load_on_demand(const std::filesystem::path& folder, Registry& registry);

/// The folder of the modules of this build's precision, beside the running program's library.
std::filesystem::path module_folder();

}  // namespace gibbsite
