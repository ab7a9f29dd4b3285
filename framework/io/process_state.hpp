// What third-party code must leave as it was in the process that runs it.
#pragma once

#include <string>

namespace gibbsite {

/// Rounding and denormal modes, locales, working folder, file mask and the handlers of the signals
/// that the program relies on, as they were when this was made.
class ProcessState {
 public:
  ProcessState();
  /// Puts back what is otherwise now, and says what that was: "the rounding mode, the locale";
  /// empty where nothing was changed.
  std::string restore() const;

 private:
  unsigned floating_point_;
  std::string locale_, c_locale_, folder_;
  unsigned mask_;
  void (*handlers_[5])(int);
};

}  // namespace gibbsite
