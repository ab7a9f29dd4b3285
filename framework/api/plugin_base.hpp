// What every plugin object is, whatever its kind.
#pragma once

#include <string_view>

#include "gibbsite/core/types.hpp"

namespace gibbsite {

/// The six kinds of plugin.
enum class Kind { model, sampler, gradient, evaluation, optimizer, dataset };

/// "model", "sampler", ...
GIBBSITE_API std::string_view kind_name(Kind kind);

/// The base of all plugin classes.
class GIBBSITE_API Plugin {
 public:
  virtual ~Plugin();
  Plugin() = default;
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;
};

}  // namespace gibbsite
