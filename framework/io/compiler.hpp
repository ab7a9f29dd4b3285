// Plugins from source, compiled as this program was: same compiler, same flags, own SDK.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gibbsite {

/// Compiles one source file to a module of a precision ("double" or "single"), which appears under
/// `module` only when it is whole. The compiler and its flags are those recorded when this program
/// was built; headers and library are those beside it, in a build tree or an installation. Returns
/// the compiler's warnings. Throws Error with its messages, trimmed to the author's file unless
/// `all_messages`.
std::string compile_plugin(const std::filesystem::path& source, const std::string& precision,
                           const std::filesystem::path& module, bool all_messages = false);

/// The module of a source file from the cache, compiled first where the cache has none for this
/// content (of it and of the files it includes by quotes), flags, compiler and SDK. Any number of
/// processes may ask at once. Says on standard error that it compiles. Throws as compile_plugin.
std::filesystem::path compiled_plugin(const std::filesystem::path& source,
                                      const std::string& precision);

/// Where compiled plugins are kept: GIBBSITE_CACHE, else $XDG_CACHE_HOME/gibbsite, else
/// ~/.cache/gibbsite. Throws Error where none of the variables is set to a full path.
std::filesystem::path cache_folder();

/// What of a compiler's messages concerns `source`: those placed in it with what belongs to them,
/// and the bare errors from elsewhere.
std::string trimmed_messages(const std::string& messages, const std::filesystem::path& source);

}  // namespace gibbsite
