// Lines at the bottom of a terminal that are drawn over and over, without flicker.
#pragma once

#include <string>
#include <vector>

namespace gibbsite {

/// The columns that a UTF-8 text takes on a terminal: two for wide characters, none for combining
/// ones.
std::size_t columns_of(const std::string& text);

/// The text cut to so many columns, whole characters only; control characters, which could move the
/// cursor, become '?'.
std::string fitted(const std::string& text, std::size_t columns);

/// How large a terminal is.
struct TerminalSize {
  std::size_t columns = 80, rows = 24;
};
TerminalSize terminal_size(int file);

/// What stands at the bottom of a terminal.
class LiveLines {
 public:
  /// `file` is a descriptor; on anything but a terminal only what goes above is written.
  explicit LiveLines(int file);
  bool on_terminal() const { return terminal_; }
  /// Replaces the lines; `above` is written before them and stays, one or more lines each ended by
  /// a newline. Lines that do not fit are cut; those beyond the screen's height are counted.
  void draw(const std::vector<std::string>& lines, const std::string& above = "");
  /// Writes `above` and leaves the lines as they are.
  void say(const std::string& above);
  /// Removes the lines.
  void clear() { draw({}); }

  /// What `draw` writes to a terminal of this size.
  std::string frame(const std::vector<std::string>& lines, const std::string& above,
                    TerminalSize size);

 private:
  int file_;
  bool terminal_;
  std::vector<std::string> lines_, asked_;  ///< as they stand there; as they were given
};

}  // namespace gibbsite
