#include "gibbsite/core/error.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace gibbsite {
namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string known_names(std::string_view got, const std::vector<std::string>& known) {
  const std::string* nearest = nullptr;
  std::size_t smallest = 3;
  for (const std::string& name : known) {
    if (got.size() > 64) break;
    const std::size_t distance = edit_distance(got, name);
    if (distance < smallest && distance < name.size()) {
      smallest = distance;
      nearest = &name;
    }
  }
  std::string text = " (";
  if (nearest != nullptr) text += "did you mean '" + *nearest + "'; ";
  return text + "known: " + (known.empty() ? "none" : join(known)) + ")";
}

std::string join(const std::vector<std::string>& items, std::string_view separator) {
  std::string text;
  for (const std::string& item : items) {
    if (!text.empty()) text += separator;
    text += item;
  }
  return text;
}

std::string number_text(double value) {
  if (std::isnan(value)) return ".nan";
  if (std::isinf(value)) return value > 0 ? ".inf" : "-.inf";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

}  // namespace gibbsite
