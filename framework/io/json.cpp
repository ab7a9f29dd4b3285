#include "gibbsite/io/json.hpp"

#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20) {
      out += "\\u00";
      out += "0123456789abcdef"[byte >> 4];
      out += "0123456789abcdef"[byte & 15];
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// JSON has neither a leading + nor a point without digits on both sides.
bool is_json_number(const std::string& text) {
  const auto point = text.find('.');
  const auto digit = [&](std::size_t at) {
    return at < text.size() && text[at] >= '0' && text[at] <= '9';
  };
  return text[0] != '+' &&
         (point == std::string::npos || (point > 0 && digit(point - 1) && digit(point + 1)));
}

std::string scalar(const Node& node) {
  if (node.quoted) return quoted(node.text);
  if (node.text == ".nan" || node.text == ".inf" || node.text == "-.inf") return "null";
  if (node.as_boolean()) return node.text;
  if (const auto real = node.as_real())
    return is_json_number(node.text) ? node.text : number_text(*real);
  return quoted(node.text);
}

}  // namespace

std::string to_json(const Node& node, int indent) {
  const std::string pad(std::size_t(indent) * 2 + 2, ' '), end(std::size_t(indent) * 2, ' ');
  std::string out;
  switch (node.kind) {
    case Node::Kind::null:
      return "null";
    case Node::Kind::scalar:
      return scalar(node);
    case Node::Kind::list:
      if (node.items.empty()) return "[]";
      for (const Node& item : node.items)
        out += (out.empty() ? "[\n" : ",\n") + pad + to_json(item, indent + 1);
      return out + "\n" + end + "]";
    case Node::Kind::map:
      break;
  }
  if (node.entries.empty()) return "{}";
  for (const auto& entry : node.entries)
    out += (out.empty() ? "{\n" : ",\n") + pad + quoted(entry.key) + ": " +
           to_json(entry.value, indent + 1);
  return out + "\n" + end + "}";
}

}  // namespace gibbsite
