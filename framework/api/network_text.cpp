#include "gibbsite/api/network_text.hpp"

#include <charconv>
#include <utility>

#include "gibbsite/core/error.hpp"

namespace gibbsite {

Words::Words(const std::string& text) {
  std::string word;
  for (const char c : text + " ") {
    if (c != ' ')
      word += c;
    else if (!word.empty())
      words_.push_back(std::exchange(word, ""));
  }
}

Index Words::integer(const std::string& word, const std::string& name, Index minimum) {
  Index value = 0;
  const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (fault != std::errc() || end != word.data() + word.size() || value < minimum ||
      value > 1'000'000)
    throw Error(name + " must be an integer in [" + std::to_string(minimum) + ", 1000000], got '" +
                word + "'");
  return value;
}

Index Words::option(const std::string& name, Index otherwise, Index minimum) {
  if (empty() || words_[next_] != name) return otherwise;
  ++next_;
  return integer(take(), name, minimum);
}

Window Words::window(const Shape& input) {
  const std::string size = take();
  const std::size_t cross = size.find('x');
  if (cross == std::string::npos)
    throw Error("window must be two integers such as 3x3, got '" + size + "'");
  Window window{.input = input};
  window.rows = integer(size.substr(0, cross), "window height", 1);
  window.columns = integer(size.substr(cross + 1), "window width", 1);
  return window;
}

std::vector<std::string> split_layers(const std::string& text) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (const char c : text) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ',' && depth == 0)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

}  // namespace gibbsite
