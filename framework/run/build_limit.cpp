#include "gibbsite/run/build_limit.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

#include "gibbsite/api/under_construction.hpp"
#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

// Written before the alarm is set, read by its handler.
char seconds_text[16] = "";

void say(const char* text) {
  if (::write(STDERR_FILENO, text, std::strlen(text)) < 0) ::_exit(2);
}

void give_up(int) {
  const char* plugin = under_construction();
  say("plugin refused: ");
  say(plugin == nullptr ? "a module" : plugin);
  say(plugin == nullptr ? " is still being loaded after " : " is still being built after ");
  say(seconds_text);
  say(" s: mend what hangs (");
  say(plugin == nullptr ? "`gibbsite list --plugins` says which" : "its constructor");
  say("), or allow more by GIBBSITE_BUILD_SECONDS\n");
  ::_exit(2);
}

}  // namespace

unsigned build_seconds() {
  const char* given = std::getenv("GIBBSITE_BUILD_SECONDS");
  if (given == nullptr) return 120;
  const char* end = given + std::strlen(given);
  unsigned seconds = 0;
  const auto read = std::from_chars(given, end, seconds);
  if (read.ec != std::errc() || read.ptr != end || seconds < 1 || seconds > 1000000)
    throw Error("GIBBSITE_BUILD_SECONDS: must be an integer from 1 to 1000000, got '" +
                std::string(given) + "'");
  return seconds;
}

BuildLimit::BuildLimit() {
  const unsigned limit = build_seconds(), pending = ::alarm(0);
  if (pending > 0) {
    owns_ = false;
    ::alarm(pending);
    return;
  }
  std::memset(seconds_text, 0, sizeof seconds_text);
  std::to_chars(seconds_text, seconds_text + sizeof seconds_text - 1, limit);
  struct sigaction action {};
  action.sa_handler = give_up;
  ::sigaction(SIGALRM, &action, &before_);
  ::alarm(limit);
}

BuildLimit::~BuildLimit() {
  if (!owns_) return;
  ::alarm(0);
  ::sigaction(SIGALRM, &before_, nullptr);
}

}  // namespace gibbsite
