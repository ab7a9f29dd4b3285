// The program's own files, which are many and of few forms.
#include <algorithm>
#include <charconv>

#include "gibbsite/io/yaml.hpp"

namespace gibbsite {
namespace {

using Text = std::string_view;

// Reads flow style as `to_flow` writes it, from `at` on.
class FlowParser {
 public:
  explicit FlowParser(Text text) : text_(text) {}

  std::optional<Node> whole() {
    auto node = value(0);
    return node && at_ == text_.size() ? node : std::nullopt;
  }

 private:
  bool take(Text word) {
    if (text_.compare(at_, word.size(), word) != 0) return false;
    at_ += word.size();
    return true;
  }

  std::optional<Node> value(int depth) {
    if (depth > 40 || at_ >= text_.size()) return {};
    if (text_[at_] == '{') return map(depth);
    if (text_[at_] == '[') return list(depth);
    const bool quoted = text_[at_] == '"';
    auto text = scalar();
    if (!text) return {};
    if (!quoted && *text == "null") return Node();
    return Node::scalar(std::move(*text), quoted);
  }

  std::optional<Node> list(int depth) {
    Node node = Node::list({});
    ++at_;
    if (take("]")) return node;
    while (true) {
      auto item = value(depth + 1);
      if (!item) return {};
      node.items.push_back(std::move(*item));
      if (take("]")) return node;
      if (!take(", ")) return {};
    }
  }

  std::optional<Node> map(int depth) {
    Node node = Node::map();
    ++at_;
    if (take("}")) return node;
    while (true) {
      auto key = scalar();
      if (!key || !take(": ")) return {};
      auto item = value(depth + 1);
      if (!item) return {};
      node.entries.push_back({std::move(*key), {}, std::move(*item)});
      if (take("}")) return node;
      if (!take(", ")) return {};
    }
  }

  std::optional<std::string> scalar() {
    if (at_ < text_.size() && text_[at_] == '"') return quoted();
    const std::size_t first = at_;
    while (at_ < text_.size() && Text(",]}{[\"'#&*!|>%@`").find(text_[at_]) == Text::npos &&
           text_.compare(at_, 2, ": ") != 0)
      ++at_;
    const bool ends = at_ == text_.size() || Text(",]}:").find(text_[at_]) != Text::npos;
    if (at_ == first || !ends) return {};
    return std::string(text_.substr(first, at_ - first));
  }

  std::optional<std::string> quoted() {
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return out;
      }
      if (c != '\\') {
        out += c;
        continue;
      }
      if (++at_ >= text_.size()) return {};
      const char escaped = text_[at_];
      if (escaped == 'x') {
        int code = 0;
        const char* digits = text_.data() + at_ + 1;
        if (at_ + 2 >= text_.size() ||
            std::from_chars(digits, digits + 2, code, 16).ptr != digits + 2)
          return {};
        out += char(code);
        at_ += 2;
      } else if (escaped == 'n' || escaped == 't') {
        out += escaped == 'n' ? '\n' : '\t';
      } else if (escaped == '"' || escaped == '\\') {
        out += escaped;
      } else {
        return {};
      }
    }
    return {};
  }

  Text text_;
  std::size_t at_ = 0;
};

}  // namespace

std::optional<Node> parse_own_flow(Text text) { return FlowParser(text).whole(); }

std::optional<Node> parse_own_map(Text text) {
  Node root = Node::map();
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    Text line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const bool inner = line.starts_with("  ");
    if (inner) line.remove_prefix(2);
    const auto colon = line.find(':');
    if (colon == 0 || colon == Text::npos || line[0] == ' ' || line[0] == '-' || line[0] == '"')
      return {};
    const std::string key(line.substr(0, colon));
    const Text rest = line.substr(colon + 1);
    Node value;
    if (rest == " {}" || (rest.empty() && !inner)) {
      value = Node::map();
    } else {
      // A plain scalar has the same form in flow style.
      auto read = rest.size() > 1 && rest[0] == ' ' ? parse_own_flow(rest.substr(1)) : std::nullopt;
      if (!read || !read->is_scalar()) return {};
      value = std::move(*read);
    }
    if (inner && (root.entries.empty() || !root.entries.back().value.is_map())) return {};
    (inner ? root.entries.back().value : root).entries.push_back({key, {}, std::move(value)});
  }
  return root;
}

}  // namespace gibbsite
