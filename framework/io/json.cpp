#include "gibbsite/io/json.hpp"

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

std::string scalar(const Node& node) {
  if (node.quoted) return quoted(node.text);
  if (node.text == ".nan" || node.text == ".inf" || node.text == "-.inf") return "null";
  if (node.as_boolean() || node.as_real() || node.as_integer()) return node.text;
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
