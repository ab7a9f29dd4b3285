#include "gibbsite/io/yaml.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <sstream>

#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

constexpr std::size_t most_levels = 32;

// Builds the tree from parse events, so that nothing is lost (duplicates) or guessed (tags).
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::shared_ptr<const std::string> source, std::size_t most_values)
      : source_(std::move(source)), most_values_(most_values) {}

  Node take() { return std::move(root_); }
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    // A missing value has no place of its own: the parser would say where the next key begins.
    const bool of_key = !levels_.empty() && levels_.back().has_key;
    node.place = of_key ? levels_.back().key_place : place(mark);
    add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) fail(mark, "an alias to a value that contains it or comes later");
    Node copy = found->second;
    count_ += size_of(copy);
    if (count_ > most_values_) fail(mark, too_many());
    add(std::move(copy), 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = Node::scalar(value, tag == "!");
    node.place = place(mark);
    const bool plain = tag == "?";
    if (!plain && tag != "!" && !tag.empty()) fail(mark, "tags are not allowed, got " + tag);
    if (plain && (value == "~" || value == "null")) node = null_at(mark);
    add(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Node::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;
    std::string key;
    Place key_place;
    std::vector<Node> merged;  // values of `<<`
  };

  Place place(const YAML::Mark& mark) const { return {source_, mark.line + 1, mark.column + 1}; }
  [[noreturn]] void fail(const YAML::Mark& mark, const std::string& rule) const {
    fail(place(mark), rule);
  }
  [[noreturn]] static void fail(const Place& at, const std::string& rule) {
    throw Error(at.text() + ": " + rule);
  }
  std::string too_many() const {
    return "more than " + std::to_string(most_values_) + " values (aliases included)";
  }

  Node null_at(const YAML::Mark& mark) const {
    Node node;
    node.place = place(mark);
    return node;
  }

  static std::size_t size_of(const Node& node) {
    std::size_t size = 1;
    for (const Node& item : node.items) size += size_of(item);
    for (const auto& entry : node.entries) size += size_of(entry.value);
    return size;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            Node::Kind kind) {
    if (tag != "?" && !tag.empty() && tag != "!") fail(mark, "tags are not allowed, got " + tag);
    if (levels_.size() >= most_levels)
      fail(mark, "nested deeper than " + std::to_string(most_levels) + " levels");
    if (!levels_.empty() && levels_.back().node.is_map() && !levels_.back().has_key)
      fail(mark, "a key must be a plain word, not a nested list or map");
    Level level;
    level.node.kind = kind;
    level.node.place = place(mark);
    level.anchor = anchor;
    levels_.push_back(std::move(level));
  }

  void close() {
    Level level = std::move(levels_.back());
    levels_.pop_back();
    for (Node& base : level.merged)
      for (auto& entry : base.entries)
        if (level.node.find(entry.key) == nullptr) level.node.entries.push_back(std::move(entry));
    add(std::move(level.node), level.anchor);
  }

  void merge(Level& level, Node value) {
    const Place at = value.place;
    if (value.is_map()) {
      level.merged.push_back(std::move(value));
      return;
    }
    if (!value.is_list()) fail(at, "<<: must be a map or a list of maps, got " + value.shown());
    for (Node& item : value.items) {
      if (!item.is_map()) fail(item.place, "<<: must be a list of maps, got " + item.shown());
      level.merged.push_back(std::move(item));
    }
  }

  void add(Node node, YAML::anchor_t anchor) {
    if (++count_ > most_values_) fail(node.place, too_many());
    if (anchor != 0) anchors_[anchor] = node;
    if (levels_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& level = levels_.back();
    if (level.node.is_list()) {
      level.node.items.push_back(std::move(node));
    } else if (!level.has_key) {
      if (!node.is_scalar()) fail(node.place, "a key must be a plain word");
      if (node.text != "<<" && level.node.find(node.text) != nullptr)
        fail(node.place, "duplicate key '" + node.text + "'");
      level.key = node.text;
      level.key_place = node.place;
      level.has_key = true;
    } else {
      level.has_key = false;
      if (!node) node.place = level.key_place;  // a missing value has no place of its own
      if (level.key == "<<")
        merge(level, std::move(node));
      else
        level.node.entries.push_back({level.key, level.key_place, std::move(node)});
    }
  }

  std::shared_ptr<const std::string> source_;
  std::size_t most_values_;
  Node root_;
  std::vector<Level> levels_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::size_t count_ = 0;
};

// The offset of the first byte that is no UTF-8 text, or npos.
std::size_t first_bad_byte(const std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const std::size_t length = byte < 0x80       ? 1
                               : byte >> 5 == 6  ? 2
                               : byte >> 4 == 14 ? 3
                               : byte >> 3 == 30 ? 4
                                                 : 0;
    if (length == 0 || byte == 0 || byte == 0xC0 || byte == 0xC1 || i + length > text.size())
      return i;
    for (std::size_t k = 1; k < length; ++k)
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return i;
    i += length;
  }
  return std::string::npos;
}

Place place_of_byte(const std::string& text, std::size_t offset,
                    std::shared_ptr<const std::string> source) {
  Place at{std::move(source), 1, 1};
  for (std::size_t i = 0; i < offset; ++i) {
    ++at.column;
    if (text[i] == '\n') {
      ++at.line;
      at.column = 1;
    }
  }
  return at;
}

std::string too_large(const std::string& source, std::size_t most, std::size_t got) {
  return source + ": larger than " + std::to_string(most) + " bytes, got " + std::to_string(got);
}

}  // namespace

Node parse_yaml(const std::string& text, const std::string& source, YamlLimits limits) {
  const auto name = std::make_shared<const std::string>(source);
  if (text.size() > limits.bytes) throw Error(too_large(source, limits.bytes, text.size()));
  if (const std::size_t bad = first_bad_byte(text); bad != std::string::npos)
    throw Error(place_of_byte(text, bad, name).text() + ": not UTF-8 text (or a NUL byte)");
  TreeBuilder builder(name, limits.values);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) throw Error(source + ": the file is empty");
    Node root = builder.take();
    TreeBuilder second(name, limits.values);
    if (parser.HandleNextDocument(second))
      throw Error(source + ": must hold one document; text follows the end of the first");
    return root;
  } catch (const YAML::Exception& fault) {
    throw Error(Place{name, fault.mark.line + 1, fault.mark.column + 1}.text() + ": " +
                (fault.msg == "bad file" ? "nested too deep" : fault.msg));
  }
}

Node read_yaml_file(const std::string& path, YamlLimits limits) {
  const int file = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) throw Error(path + ": cannot be read: " + std::strerror(errno));
  struct stat info {};
  const bool regular = ::fstat(file, &info) == 0 && S_ISREG(info.st_mode);
  std::string text;
  if (regular && std::size_t(info.st_size) <= limits.bytes) {
    char buffer[65536];
    for (ssize_t got = 0; (got = ::read(file, buffer, sizeof buffer)) > 0;)
      text.append(buffer, std::size_t(got));
  }
  ::close(file);
  if (!regular) throw Error(path + ": must be a regular file");
  if (std::size_t(info.st_size) > limits.bytes)
    throw Error(too_large(path, limits.bytes, std::size_t(info.st_size)));
  return parse_yaml(text, path, limits);
}

}  // namespace gibbsite
