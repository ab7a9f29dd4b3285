#include "gibbsite/run/live_lines.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace gibbsite {
namespace {

struct Character {
  std::size_t bytes = 1;
  char32_t code = 0;
};

// The character that begins at `at`; a byte that begins none is one by itself.
Character character(const std::string& text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  const std::size_t bytes = byte < 0x80 ? 1 : byte >> 5 == 6 ? 2 : byte >> 4 == 14 ? 3 : 4;
  if (bytes == 1 || at + bytes > text.size() || byte < 0xC0) return {1, byte};
  char32_t code = byte & (0xFFu >> (bytes + 1));
  for (std::size_t k = 1; k < bytes; ++k)
    code = code << 6 | (static_cast<unsigned char>(text[at + k]) & 0x3Fu);
  return {bytes, code};
}

// Wide characters by the ranges of Unicode's East Asian Width that are all wide.
std::size_t width_of(char32_t code) {
  if (code >= 0x300 && code <= 0x36F) return 0;
  constexpr std::array<std::array<char32_t, 2>, 9> wide = {{{0x1100, 0x115F},
                                                            {0x2E80, 0xA4CF},
                                                            {0xAC00, 0xD7A3},
                                                            {0xF900, 0xFAFF},
                                                            {0xFE30, 0xFE6F},
                                                            {0xFF00, 0xFF60},
                                                            {0xFFE0, 0xFFE6},
                                                            {0x1F300, 0x1FAFF},
                                                            {0x20000, 0x3FFFD}}};
  return std::any_of(wide.begin(), wide.end(),
                     [&](const auto& range) { return code >= range[0] && code <= range[1]; })
             ? 2
             : 1;
}

bool is_control(char32_t code) { return code < 0x20 || (code >= 0x7F && code < 0xA0); }

void write_all(int file, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t wrote = ::write(file, text.data() + done, text.size() - done);
    if (wrote < 0 && errno != EINTR) return;  // nobody looks any more
    if (wrote > 0) done += std::size_t(wrote);
  }
}

}  // namespace

std::size_t columns_of(const std::string& text) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Character one = character(text, at);
    columns += width_of(one.code);
    at += one.bytes;
  }
  return columns;
}

std::string fitted(const std::string& text, std::size_t columns) {
  std::string out;
  std::size_t used = 0;
  for (std::size_t at = 0; at < text.size();) {
    const Character one = character(text, at);
    used += width_of(one.code);
    if (used > columns) break;
    out += is_control(one.code) ? "?" : text.substr(at, one.bytes);
    at += one.bytes;
  }
  return out;
}

TerminalSize terminal_size(int file) {
  winsize size{};
  if (::ioctl(file, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

LiveLines::LiveLines(int file) : file_(file), terminal_(::isatty(file) != 0) {
  const char* const kind = std::getenv("TERM");
  if (kind == nullptr || *kind == '\0' || std::strcmp(kind, "dumb") == 0) terminal_ = false;
}

std::string LiveLines::frame(const std::vector<std::string>& lines, const std::string& above,
                             TerminalSize size) {
  // A terminal that has become narrower since has broken its lines.
  std::size_t up = 0;
  for (const std::string& line : lines_)
    up += std::max<std::size_t>(1, (columns_of(line) + size.columns - 1) / size.columns);
  up = std::min(up, size.rows - 1);
  std::vector<std::string> shown = lines;
  const std::size_t most = std::max<std::size_t>(1, size.rows - 1);
  if (shown.size() > most) {  // the last line sums up
    const std::size_t hidden = shown.size() - most + 1;
    shown.erase(shown.begin() + std::ptrdiff_t(most) - 1, shown.end() - 1);
    if (most > 1) shown[most - 2] = "  ... and " + std::to_string(hidden) + " more";
  }
  std::string out = up > 0 ? "\x1b[" + std::to_string(up) + "A\r" : "";
  if (!above.empty() && up > 0) out += "\x1b[J";
  out += above;
  for (std::string& line : shown) {
    line = fitted(line, size.columns - 1);
    out += (up > 0 && above.empty() ? "\x1b[K" : "") + line + "\n";
  }
  if (up > 0 && above.empty()) out += "\x1b[J";  // what was below fewer lines than before
  lines_ = std::move(shown);
  asked_ = lines;
  return out;
}

void LiveLines::draw(const std::vector<std::string>& lines, const std::string& above) {
  if (!terminal_) return write_all(file_, above);
  if (lines == asked_ && above.empty() && lines.size() == lines_.size()) return;
  write_all(file_, frame(lines, above, terminal_size(file_)));
}

void LiveLines::say(const std::string& above) { draw(std::vector<std::string>(asked_), above); }

}  // namespace gibbsite
