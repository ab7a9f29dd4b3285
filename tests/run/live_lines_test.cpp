// What a terminal shows after lines have been drawn over and over, at any width.
#include <doctest/doctest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gibbsite/core/random.hpp>
#include <gibbsite/run/live_lines.hpp>

#include "support/program.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// As much of a terminal as the program uses: text that wraps, newlines, moving up, clearing.
class Terminal {
 public:
  Terminal(std::size_t columns, std::size_t rows) : columns_(columns), rows_(rows) {}

  void feed(const std::string& bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
      const char c = bytes[at];
      if (c == '\x1b') {
        at = escape(bytes, at);
        continue;
      }
      std::size_t length = 1;
      while (at + length < bytes.size() && (bytes[at + length] & '\xc0') == '\x80') ++length;
      if (c == '\n')
        down();
      else if (c == '\r')
        column_ = 0;
      else
        put(bytes.substr(at, length));
      at += length;
    }
  }
  // Everything from the first line on, also what has scrolled away; empty lines at the end left
  // out.
  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const auto& line : screen_) {
      std::string text;
      for (const auto& cell : line) text += cell;
      while (!text.empty() && text.back() == ' ') text.pop_back();
      out.push_back(text);
    }
    while (!out.empty() && out.back().empty()) out.pop_back();
    return out;
  }

 private:
  std::vector<std::string>& line() {
    if (screen_.size() <= row_) screen_.resize(row_ + 1);
    return screen_[row_];
  }
  void down() {
    ++row_;
    column_ = 0;  // as with a terminal's ONLCR
  }
  void put(const std::string& character) {
    const std::size_t width = columns_of(character);
    if (column_ + width > columns_) down();
    auto& cells = line();
    if (cells.size() < column_ + width) cells.resize(column_ + width, " ");
    cells[column_] = character;
    for (std::size_t k = 1; k < width; ++k) cells[column_ + k] = "";
    column_ += width;
  }
  std::size_t escape(const std::string& bytes, std::size_t at) {
    REQUIRE(bytes.at(at + 1) == '[');
    std::size_t end = at + 2;
    while (std::isdigit(static_cast<unsigned char>(bytes.at(end)))) ++end;
    const std::string digits = bytes.substr(at + 2, end - at - 2);
    const std::size_t number = digits.empty() ? 1 : std::stoul(digits);
    const std::size_t top = screen_.size() > rows_ ? screen_.size() - rows_ : 0;
    if (bytes[end] == 'A') {
      row_ = std::max(top, row_ - std::min(row_, number));
    } else if (bytes[end] == 'K') {
      line().resize(std::min(line().size(), column_));
    } else {
      REQUIRE(bytes[end] == 'J');
      line().resize(std::min(line().size(), column_));
      screen_.resize(row_ + 1);
    }
    return end + 1;
  }

  std::size_t columns_, rows_, row_ = 0, column_ = 0;
  std::vector<std::vector<std::string>> screen_;
};

using Lines = std::vector<std::string>;

// The whole of a program's output on a terminal of this size.
std::string on_terminal(const std::vector<std::string>& words, std::size_t columns) {
  winsize size{24, static_cast<unsigned short>(columns), 0, 0};
  int master = -1;
  std::vector<char*> raw;
  for (const std::string& word : words) raw.push_back(const_cast<char*>(word.c_str()));
  raw.push_back(nullptr);
  const pid_t pid = ::forkpty(&master, nullptr, nullptr, &size);
  REQUIRE(pid >= 0);
  if (pid == 0) {
    ::setenv("TERM", "xterm", 1);
    ::execvp(raw[0], raw.data());
    ::_exit(127);
  }
  std::string out;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(master, buffer, sizeof buffer)) > 0;)
    out.append(buffer, std::size_t(got));
  ::close(master);
  int status = 0;
  ::waitpid(pid, &status, 0);
  CHECK(WIFEXITED(status));
  return out;
}

}  // namespace

TEST_CASE("texts are cut by columns, whole characters only, and cannot move the cursor") {
  CHECK(fitted("abcdef", 3) == "abc");
  CHECK(fitted("abc", 3) == "abc");
  CHECK(fitted("", 3) == "");
  CHECK(fitted("äöü", 2) == "äö");
  CHECK(columns_of("äöü") == 3);
  CHECK(columns_of("日本") == 4);
  CHECK(fitted("日本語", 5) == "日本");
  CHECK(columns_of("e\xcc\x81") == 1);  // e with a combining accent
  CHECK(fitted("a\x1b[2Jb\nc\r\t", 80) == "a?[2Jb?c??");
  CHECK(fitted("\xff\xfe x", 80).size() == 4);  // no UTF-8: a column per byte
}

TEST_CASE("lines drawn again stand once, at any width and height") {
  for (const std::size_t columns : {1, 2, 5, 20, 80, 200})
    for (const std::size_t rows : {2, 3, 24}) {
      CAPTURE(columns);
      CAPTURE(rows);
      Terminal terminal(columns, rows);
      LiveLines lines(-1);
      const Stream random(7);
      Lines said, last;
      for (std::uint64_t k = 0; k < 60; ++k) {
        const auto draws = random.at(k).uniform(3);
        last.clear();
        for (int n = 0; n < int(draws(0) * 5) + 1; ++n)
          last.push_back("cell " + std::to_string(k) +
                         std::string(std::size_t(draws(1) * 30), '-'));
        std::string above;
        if (draws(2) < 0.3) {
          said.push_back("said " + std::to_string(k));
          above = said.back() + "\n";
        }
        terminal.feed(lines.frame(last, above, {columns, rows}));
      }
      Lines expected;  // what was said, wrapped by the terminal
      for (const std::string& line : said)
        for (std::size_t at = 0; at < line.size(); at += columns) {
          std::string part = line.substr(at, columns);
          while (!part.empty() && part.back() == ' ') part.pop_back();
          expected.push_back(part);
        }
      Lines stays = expected;
      while (!stays.empty() && stays.back().empty()) stays.pop_back();
      const std::size_t room = std::max<std::size_t>(1, rows - 1);
      const std::size_t shown = std::min(last.size(), room);
      for (std::size_t n = 0; n < shown; ++n) {
        std::string line = fitted(last[last.size() - shown + n], columns - 1);
        if (last.size() > room && shown > 1 && n == shown - 2)
          line =
              fitted("  ... and " + std::to_string(last.size() - room + 1) + " more", columns - 1);
        while (!line.empty() && line.back() == ' ') line.pop_back();
        expected.push_back(line);
      }
      if (last.size() > room && shown > 2)
        for (std::size_t n = 0; n + 2 < shown; ++n)
          expected[expected.size() - shown + n] = fitted(last[n], columns - 1);
      while (!expected.empty() && expected.back().empty()) expected.pop_back();
      CHECK(terminal.lines() == expected);
      terminal.feed(lines.frame({}, "", {columns, rows}));
      CHECK(terminal.lines() == stays);
    }
}

TEST_CASE("a terminal that has become narrower keeps no rest of the broken lines") {
  LiveLines lines(-1);
  lines.frame({std::string(70, 'x'), "sum"}, "", {80, 24});
  // The terminal has broken the first line into three since.
  Terminal terminal(30, 24);
  terminal.feed(std::string(30, 'x') + "\n" + std::string(30, 'x') + "\n" + std::string(10, 'x') +
                "\nsum\n");
  terminal.feed(lines.frame({std::string(70, 'y'), "sum"}, "", {30, 24}));
  CHECK(terminal.lines() == Lines{std::string(29, 'y'), "sum"});
}

TEST_CASE("a frame is drawn without clearing what stays, and not at all where nothing changed") {
  LiveLines lines(-1);
  CHECK(lines.frame({"a", "b"}, "", {80, 24}) == "a\nb\n");
  const std::string again = lines.frame({"a", "c"}, "", {80, 24});
  CHECK(again == "\x1b[2A\r\x1b[Ka\n\x1b[Kc\n\x1b[J");
}

TEST_CASE("a run on a terminal leaves one line per cell, at any width; in a pipe plain lines") {
  const TemporaryFolder folder;
  const fs::path spec =
      folder.write("s.yaml",
                   "gibbsite: 1\nname: s\nmodel: {name: rbm, visible: 9, hidden: 9}\n"
                   "sample: {chains: 2, draws: 30000}\ngrid: {seed: [1, 2, 3]}\n");
  for (const std::size_t columns : {7, 40, 120}) {
    CAPTURE(columns);
    const std::string out = (folder / ("out" + std::to_string(columns))).string();
    Terminal terminal(columns, 24);
    terminal.feed(
        on_terminal(invoke_words({"run", spec.string(), "--out", out, "--jobs", "2"}), columns));
    std::string all;
    for (const std::string& line : terminal.lines()) all += line;
    CAPTURE(all);
    std::string squeezed;  // wrapping breaks at spaces too
    for (const char c : all)
      if (c != ' ') squeezed += c;
    CHECK(occurrences(squeezed, ":completein") == 3);
    CHECK(occurrences(squeezed, "cellsdone") == 0);  // the live line is gone
  }
  const Ending plain = invoke({"run", spec.string(), "--out", (folder / "plain").string()});
  CHECK(plain.code == 0);
  CHECK(plain.err.find('\x1b') == std::string::npos);
  CHECK(occurrences(plain.err, "\n") == 3);
}

TEST_CASE("status --watch ends when every cell has, and prints a line per change in a pipe") {
  const TemporaryFolder folder;
  const fs::path spec =
      folder.write("s.yaml",
                   "gibbsite: 1\nname: s\nmodel: {name: rbm, visible: 9, hidden: 9}\n"
                   "sample: {chains: 2, draws: 100000}\ngrid: {seed: {from: 1, to: 4}}\n");
  const std::string out = (folder / "out").string();
  Process run(invoke_words({"run", spec.string(), "--out", out, "--jobs", "1"}));
  while (!fs::exists(folder / "out" / "plan.yaml") && !run.ends_within(0.01)) {
  }
  const Ending watch = invoke({"status", out, "--watch", "--every", "0.05"});
  CHECK(watch.code == 0);
  CHECK(watch.out.find('\x1b') == std::string::npos);
  CHECK(watch.out.ends_with("4 cells: 4 complete\n"));
  CHECK(occurrences(watch.out, "\n") >= 2);
  CHECK(run.wait().code == 0);
  Terminal terminal(60, 24);
  terminal.feed(on_terminal(invoke_words({"status", out, "--watch"}), 60));
  CHECK(terminal.lines() == Lines{"4 cells: 4 complete"});
  CHECK(invoke({"status", out, "--watch", "--json"}).code == 2);
  CHECK(invoke({"status", out, "--watch", "--every", "0"}).code == 2);
}
