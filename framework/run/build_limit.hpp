// How long plugins may take to be loaded and built.
#pragma once

#include <csignal>

namespace gibbsite {

/// The limit in seconds: GIBBSITE_BUILD_SECONDS, else 120. Throws Error where that is no integer
/// from 1 to 1000000.
unsigned build_seconds();

/// While it lives, what does not end within build_seconds() ends the program with exit code 2 and
/// one line on standard error, which names the plugin that is being built. Where an alarm is set
/// already, that one stays and this object does nothing.
class BuildLimit {
 public:
  /// Throws Error as build_seconds.
  BuildLimit();
  ~BuildLimit();
  BuildLimit(const BuildLimit&) = delete;
  BuildLimit& operator=(const BuildLimit&) = delete;

 private:
  bool owns_ = true;
  struct sigaction before_ {};
};

}  // namespace gibbsite
