#include "gibbsite/run/interrupts.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <csignal>

#include "gibbsite/io/files.hpp"
#include "gibbsite/io/provenance.hpp"
#include "gibbsite/run/schedule.hpp"

namespace gibbsite {
namespace {

volatile std::sig_atomic_t interrupts = 0;
// A user who repeats Ctrl-C is in a hurry; batch systems repeat their signals as a matter of
// course.
void on_interrupt(int signal) {
  if (signal == SIGINT || interrupts == 0) interrupts = interrupts + 1;
}

constexpr const char* mark_name = ".cancel";

}  // namespace

Interrupts::Interrupts(std::filesystem::path folder)
    : mark_(std::move(folder) / mark_name), before_(cancelled()) {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaction(signal, &action, nullptr);
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_IGN);
}

// Every cancellation writes the mark anew, so its file is another one.
std::int64_t Interrupts::cancelled() const {
  struct stat about {};
  return ::stat(mark_.c_str(), &about) == 0
             ? std::int64_t(about.st_ino) ^ (std::int64_t(about.st_mtim.tv_sec) << 20) ^
                   about.st_mtim.tv_nsec
             : 0;
}

int Interrupts::level() {
  cancelled_ = cancelled_ || cancelled() != before_;
  return std::clamp(int{interrupts}, cancelled_ ? 1 : 0, 2);
}

void request_cancel(const std::filesystem::path& folder) {
  write_file(folder / mark_name, utc_now() + "\n");
}

}  // namespace gibbsite
