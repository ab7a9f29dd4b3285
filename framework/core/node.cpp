#include "gibbsite/core/node.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

constexpr std::string_view special = ":{}[],&*#?|-<>=!%@\\\"'`~ \t";

bool looks_like_other_type(const Node& scalar) {
  static const std::vector<std::string> words = {"true", "false", "null",  "yes",  "no",   "on",
                                                 "off",  "y",     "n",     ".nan", ".inf", "-.inf",
                                                 "~",    "True",  "False", "Null", "NULL"};
  return scalar.as_real() || std::find(words.begin(), words.end(), scalar.text) != words.end();
}

std::string quoted_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      const char* digits = "0123456789abcdef";
      out += "\\x";
      out += digits[(c >> 4) & 15];
      out += digits[c & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string scalar_text(const Node& node) {
  if (!node.quoted) return node.text.empty() ? "\"\"" : node.text;
  Node plain = node;
  plain.quoted = false;
  const bool safe = !node.text.empty() && special.find(node.text.front()) == std::string::npos &&
                    node.text.find_first_of("\n\t\"\\{}[],#?") == std::string::npos &&
                    node.text.find(": ") == std::string::npos && node.text.back() != ' ' &&
                    node.text.back() != ':' && !looks_like_other_type(plain) &&
                    std::none_of(node.text.begin(), node.text.end(), [](char c) {
                      return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
                    });
  return safe ? node.text : quoted_text(node.text);
}

std::string key_text(const std::string& key) { return scalar_text(Node::scalar(key, true)); }

bool is_plain(const Node& node) {
  if (node.is_list()) return std::all_of(node.items.begin(), node.items.end(), is_plain);
  return !node.is_map() || node.entries.empty();
}

}  // namespace

std::string Place::text() const {
  if (!source) return "";
  if (line == 0) return *source;
  return *source + ":" + std::to_string(line) + ":" + std::to_string(column);
}

Node Node::scalar(std::string text, bool quoted) {
  Node node;
  node.kind = Kind::scalar;
  node.text = std::move(text);
  node.quoted = quoted;
  return node;
}

Node Node::of(double value) { return scalar(number_text(value)); }
Node Node::of(std::int64_t value) { return scalar(std::to_string(value)); }
Node Node::of(bool value) { return scalar(value ? "true" : "false"); }

Node Node::list(std::vector<Node> items) {
  Node node;
  node.kind = Kind::list;
  node.items = std::move(items);
  return node;
}

Node Node::map() {
  Node node;
  node.kind = Kind::map;
  return node;
}

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

Node* Node::find(std::string_view key) { return const_cast<Node*>(std::as_const(*this).find(key)); }

Node& Node::operator[](std::string_view key) {
  if (Node* found = find(key)) return *found;
  kind = Kind::map;
  entries.push_back({.key = std::string(key), .place = place, .value = {}});
  return entries.back().value;
}

void Node::erase(std::string_view key) {
  std::erase_if(entries, [&](const Entry& entry) { return entry.key == key; });
}

std::vector<std::string> Node::keys() const {
  std::vector<std::string> names;
  for (const Entry& entry : entries) names.push_back(entry.key);
  return names;
}

std::string Node::shown() const {
  switch (kind) {
    case Kind::null:
      return "nothing";
    case Kind::list:
      return "a list of " + std::to_string(items.size());
    case Kind::map:
      return "a map";
    case Kind::scalar:
      break;
  }
  std::string shown = text.substr(0, 60);
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  if (text.size() > 60) shown += "...";
  return quoted || shown.empty() ? "'" + shown + "'" : shown;
}

std::optional<std::int64_t> Node::as_integer() const {
  std::int64_t value = 0;
  const char* last = text.data() + text.size();
  const auto [end, fault] = std::from_chars(text.data(), last, value);
  const std::size_t first = !text.empty() && text[0] == '-' ? 1 : 0;
  const bool octal = text.size() > first + 1 && text[first] == '0';
  if (!is_scalar() || quoted || fault != std::errc{} || end != last || octal) return {};
  return value;
}

std::optional<std::uint64_t> Node::as_unsigned() const {
  std::uint64_t value = 0;
  const char* last = text.data() + text.size();
  const auto [end, fault] = std::from_chars(text.data(), last, value);
  if (!is_scalar() || quoted || fault != std::errc{} || end != last) return {};
  if (text.size() > 1 && text[0] == '0') return {};
  return value;
}

std::optional<double> Node::as_real() const {
  if (!is_scalar() || quoted || text.empty()) return {};
  const char* first = text.data() + (text[0] == '+' ? 1 : 0);
  const char* last = text.data() + text.size();
  const bool signed_twice = text[0] == '+' && first != last && *first == '-';
  const char* digits = first + (first != last && *first == '-' ? 1 : 0);
  if (signed_twice) return {};
  if (digits == last || (*digits != '.' && (*digits < '0' || *digits > '9'))) return {};
  if (digits + 1 < last && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9') return {};
  double value = 0;
  const auto [end, fault] = std::from_chars(first, last, value);
  if (fault != std::errc{} || end != last || !std::isfinite(value)) return {};
  return value;
}

std::optional<bool> Node::as_boolean() const {
  if (!is_scalar() || quoted) return {};
  if (text == "true") return true;
  if (text == "false") return false;
  return {};
}

std::string to_flow(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::scalar:
      return scalar_text(node);
    case Node::Kind::list: {
      std::vector<std::string> parts;
      for (const Node& item : node.items) parts.push_back(to_flow(item));
      return "[" + join(parts) + "]";
    }
    case Node::Kind::map:
      break;
  }
  std::vector<std::string> parts;
  for (const auto& entry : node.entries)
    parts.push_back(key_text(entry.key) + ": " + to_flow(entry.value));
  return "{" + join(parts) + "}";
}

std::string to_yaml(const Node& node, int indent) {
  const std::string pad(static_cast<std::size_t>(indent) * 2, ' ');
  if (is_plain(node)) return pad + (node.is_map() ? "{}" : to_flow(node)) + "\n";
  std::string out;
  if (node.is_list()) {
    for (const Node& item : node.items) {
      std::string inner = to_yaml(item, indent + 1);
      inner.replace(static_cast<std::size_t>(indent) * 2, 2, "- ");
      out += inner;
    }
    return out;
  }
  for (const auto& entry : node.entries) {
    out += pad + key_text(entry.key) + ":";
    if (is_plain(entry.value))
      out += " " + (entry.value.is_map() ? "{}" : to_flow(entry.value)) + "\n";
    else
      out += "\n" + to_yaml(entry.value, indent + 1);
  }
  return out;
}

}  // namespace gibbsite
