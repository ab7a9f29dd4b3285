// The texts that layers of a Network are written as.
#pragma once

#include <string>
#include <vector>

#include "gibbsite/api/network_layers.hpp"

namespace gibbsite {

/// The words of a layer's text, taken one by one. All functions throw Error without a subject.
class Words {
 public:
  explicit Words(const std::string& text);
  bool empty() const { return next_ == words_.size(); }
  /// The next word; empty where there is none.
  std::string take() { return empty() ? "" : words_[next_++]; }
  /// The next word as an integer in [minimum, 1e6]; `name` says what it is in messages.
  Index integer(const std::string& name) { return integer(take(), name, 1); }
  /// The integer after the word `name`, or `otherwise` where the next word is another.
  Index option(const std::string& name, Index otherwise, Index minimum);
  /// A window such as 3x2: its rows and columns.
  Window window(const Shape& input);

 private:
  static Index integer(const std::string& word, const std::string& name, Index minimum);

  std::vector<std::string> words_;
  std::size_t next_ = 0;
};

/// The parts of "a, b (c, d), e" between commas outside parentheses.
std::vector<std::string> split_layers(const std::string& text);

}  // namespace gibbsite
