#include "gibbsite/io/process_state.hpp"

#include <sys/stat.h>
#include <unistd.h>
#include <xmmintrin.h>

#include <clocale>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <locale>
#include <system_error>
#include <vector>

#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

constexpr int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGALRM};

constexpr unsigned modes = 0xffc0u;  // of MXCSR; the rest are flags of what happened

std::string working_folder() {
  std::error_code unknown;
  return std::filesystem::current_path(unknown).string();
}

unsigned file_mask() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return mask;
}

void (*handler_of(int signal))(int) {
  struct sigaction action {};
  ::sigaction(signal, nullptr, &action);
  return action.sa_handler;
}

}  // namespace

ProcessState::ProcessState()
    : floating_point_(_mm_getcsr() & modes),
      locale_(std::locale().name()),
      c_locale_(std::setlocale(LC_ALL, nullptr)),
      folder_(working_folder()),
      mask_(file_mask()) {
  for (std::size_t k = 0; k < std::size(signals); ++k) handlers_[k] = handler_of(signals[k]);
}

std::string ProcessState::restore() const {
  std::vector<std::string> changed;
  const unsigned state = _mm_getcsr();
  const unsigned differ = (state ^ floating_point_) & modes;
  if ((differ & 0x6000u) != 0) changed.emplace_back("the rounding mode");
  if ((differ & ~0x6000u) != 0) changed.emplace_back("flush-to-zero or a floating-point trap");
  if (differ != 0) _mm_setcsr((state & ~modes) | floating_point_);
  if (std::locale().name() != locale_ || std::setlocale(LC_ALL, nullptr) != c_locale_) {
    changed.emplace_back("the locale");
    try {
      std::locale::global(std::locale(locale_));
    } catch (const std::runtime_error&) {
      std::locale::global(std::locale::classic());
    }
    std::setlocale(LC_ALL, c_locale_.c_str());
  }
  if (working_folder() != folder_) {
    changed.emplace_back("the working folder");
    std::error_code gone;
    std::filesystem::current_path(folder_, gone);
  }
  if (file_mask() != mask_) {
    changed.emplace_back("the file mask");
    ::umask(mask_);
  }
  bool handlers = false;
  for (std::size_t k = 0; k < std::size(signals); ++k) {
    if (handler_of(signals[k]) == handlers_[k]) continue;
    handlers = true;
    struct sigaction action {};
    action.sa_handler = handlers_[k];
    action.sa_flags = SA_RESTART;
    ::sigaction(signals[k], &action, nullptr);
  }
  if (handlers) changed.emplace_back("signal handlers");
  return join(changed);
}

}  // namespace gibbsite
