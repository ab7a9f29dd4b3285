// What an examination found, line by line.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace gibbsite {

/// Sentences with figures about one plugin. Faults are what makes it wrong; notes are figures that
/// an author wants to know.
class Report {
 public:
  enum class Kind { well, fault, note };
  struct Line {
    Kind kind = Kind::well;
    std::string check;  ///< "determinism", "stationarity" ...
    std::string text;
  };
  /// `tell` is given each line as it is found.
  explicit Report(std::function<void(const Line&)> tell = {}) : tell_(std::move(tell)) {}
  void well(const std::string& check, const std::string& text) { add({Kind::well, check, text}); }
  void fault(const std::string& check, const std::string& text) { add({Kind::fault, check, text}); }
  void note(const std::string& check, const std::string& text) { add({Kind::note, check, text}); }
  /// One fault per sentence, or else that all is well.
  void judge(const std::string& check, const std::vector<std::string>& wrong,
             const std::string& otherwise) {
    for (const std::string& sentence : wrong) fault(check, sentence);
    if (wrong.empty()) well(check, otherwise);
  }
  const std::vector<Line>& lines() const { return lines_; }
  int faults() const { return faults_; }

 private:
  void add(Line line) {
    faults_ += line.kind == Kind::fault ? 1 : 0;
    lines_.push_back(std::move(line));
    if (tell_) tell_(lines_.back());
  }

  std::function<void(const Line&)> tell_;
  std::vector<Line> lines_;
  int faults_ = 0;
};

}  // namespace gibbsite
