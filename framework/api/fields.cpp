#include "gibbsite/api/fields.hpp"

#include <algorithm>
#include <filesystem>

namespace gibbsite {
namespace {

bool satisfies(const Rule& rule, double value) {
  if (rule.above_minimum ? !(value > rule.minimum) : !(value >= rule.minimum)) return false;
  return value <= rule.maximum;
}

// The present value as a node; nothing for an unset optional or plugin.
struct Echo {
  std::optional<Node> operator()(const double* v) const { return Node::of(*v); }
  std::optional<Node> operator()(const Index* v) const { return Node::of(std::int64_t(*v)); }
  std::optional<Node> operator()(const bool* v) const { return Node::of(*v); }
  std::optional<Node> operator()(const std::string* v) const {
    if (v->empty()) return {};
    return Node::scalar(*v, true);
  }
  std::optional<Node> operator()(const PluginSpec* v) const {
    if (v->name.empty()) return {};
    return v->node ? v->node : Node::scalar(v->name, true);
  }
  template <class T>
  std::optional<Node> operator()(const std::optional<T>* v) const {
    if (!v->has_value()) return {};
    return (*this)(&**v);
  }
  template <class T>
  std::optional<Node> operator()(const std::vector<T>* v) const {
    if (v->empty()) return {};
    std::vector<Node> items;
    for (const T& item : *v)  // an empty text or an unknown plugin is nothing by itself
      items.push_back((*this)(&item).value_or(Node::scalar("", true)));
    return Node::list(std::move(items));
  }
};

struct TypeName {
  std::string operator()(const double*) const { return "real"; }
  std::string operator()(const Index*) const { return "integer"; }
  std::string operator()(const bool*) const { return "boolean"; }
  std::string operator()(const std::string*) const { return "text"; }
  std::string operator()(const std::optional<double>*) const { return "real"; }
  std::string operator()(const std::optional<Index>*) const { return "integer"; }
  std::string operator()(const std::vector<double>*) const { return "list of reals"; }
  std::string operator()(const std::vector<Index>*) const { return "list of integers"; }
  std::string operator()(const std::vector<std::string>*) const { return "list of texts"; }
  std::string operator()(const PluginSpec*) const { return "plugin"; }
  std::string operator()(const std::vector<PluginSpec>*) const { return "list of plugins"; }
};

}  // namespace

std::string rule_text(const Rule& rule) {
  const bool low = rule.minimum > -std::numeric_limits<double>::infinity();
  const bool high = rule.maximum < std::numeric_limits<double>::infinity();
  if (low && high)
    return std::string("must be in ") + (rule.above_minimum ? "(" : "[") +
           number_text(rule.minimum) + ", " + number_text(rule.maximum) + "]";
  if (low) return (rule.above_minimum ? "must be > " : "must be >= ") + number_text(rule.minimum);
  if (high) return "must be <= " + number_text(rule.maximum);
  return "";
}

void Faults::add(const Place& place, const std::string& path, const std::string& message) {
  std::string line = place.text();
  if (!line.empty()) line += ": ";
  if (!path.empty()) line += path + ": ";
  line += message;
  if (std::find(lines_.begin(), lines_.end(), line) == lines_.end()) lines_.push_back(line);
}

void Faults::raise() const {
  if (!lines_.empty()) throw Error(join(lines_, "\n"));
}

Reader::Reader(const Node& map, std::string path, Faults& faults, Resolver* resolver)
    : map_(map), path_(std::move(path)), faults_(faults), resolver_(resolver) {
  if (map.is_map() || !map) return;
  faults_.add(map.place, path_, "must be a map, got " + map.shown());
}

std::string Reader::path_of(const Field& field) const {
  return path_.empty() ? field.name : path_ + "." + field.name;
}

void Reader::fault(const Node& at, const Field& field, const std::string& message) {
  faults_.add(at.place, path_of(field), message);
}

std::optional<double> Reader::read_real(const Node& node, const Field& field) {
  const auto value = node.as_real();
  if (!value) {
    fault(node, field, "must be a finite number, got " + node.shown());
  } else if (!satisfies(field.rule, *value)) {
    fault(node, field, rule_text(field.rule) + ", got " + node.shown());
    return {};
  }
  return value;
}

std::optional<Index> Reader::read_integer(const Node& node, const Field& field) {
  const auto value = node.as_integer();
  if (!value) {
    fault(node, field, "must be an integer, got " + node.shown());
    return {};
  }
  if (!satisfies(field.rule, double(*value))) {
    fault(node, field, rule_text(field.rule) + ", got " + node.shown());
    return {};
  }
  return Index(*value);
}

std::optional<Node> Reader::read(const Node& node, const Field& field, const Slot& slot) {
  const auto store = [](auto* place, auto value) {
    if (value) *place = *value;
  };
  if (const auto* v = std::get_if<double*>(&slot)) {
    store(*v, read_real(node, field));
  } else if (const auto* o = std::get_if<std::optional<double>*>(&slot)) {
    store(*o, read_real(node, field));
  } else if (const auto* i = std::get_if<Index*>(&slot)) {
    store(*i, read_integer(node, field));
  } else if (const auto* oi = std::get_if<std::optional<Index>*>(&slot)) {
    store(*oi, read_integer(node, field));
  } else if (const auto* b = std::get_if<bool*>(&slot)) {
    const auto value = node.as_boolean();
    if (!value) fault(node, field, "must be true or false, got " + node.shown());
    store(*b, value);
  } else if (const auto* s = std::get_if<std::string*>(&slot)) {
    const auto& choices = field.choices;
    if (!node.is_scalar() || node.text.empty()) {
      fault(node, field, "must be a text, got " + node.shown());
    } else if (!choices.empty() &&
               std::find(choices.begin(), choices.end(), node.text) == choices.end()) {
      fault(node, field, "unknown value " + node.shown() + known_names(node.text, choices));
    } else {
      **s = node.text;
      if (field.is_file && node.place.source && std::filesystem::path(node.text).is_relative()) {
        const auto folder = std::filesystem::path(*node.place.source).parent_path();
        **s = std::filesystem::absolute(node.place.line > 0 ? folder / node.text
                                                            : std::filesystem::path(node.text))
                  .lexically_normal()
                  .string();
      }
    }
  } else if (const auto* p = std::get_if<PluginSpec*>(&slot)) {
    Node named = node;  // parameters alone are those of the plugin that is the default
    if (named.is_map() && named.find("name") == nullptr && !(*p)->name.empty())
      named["name"] = Node::scalar((*p)->name, true);
    if (resolver_ != nullptr) **p = resolver_->resolve(field.kind, named, path_of(field), faults_);
  } else {
    if (!node.is_list() || node.items.empty()) {
      fault(node, field, "must be a list with at least one entry, got " + node.shown());
      return {};
    }
    for (const Node& item : node.items) {
      if (const auto* reals = std::get_if<std::vector<double>*>(&slot)) {
        if (&item == &node.items[0]) (*reals)->clear();
        if (const auto value = read_real(item, field)) (*reals)->push_back(*value);
      } else if (const auto* integers = std::get_if<std::vector<Index>*>(&slot)) {
        if (&item == &node.items[0]) (*integers)->clear();
        if (const auto value = read_integer(item, field)) (*integers)->push_back(*value);
      } else if (const auto* plugins = std::get_if<std::vector<PluginSpec>*>(&slot)) {
        const Index number = &item - node.items.data();
        if (number == 0) (*plugins)->clear();
        if (resolver_ != nullptr)
          (*plugins)->push_back(resolver_->resolve(
              field.kind, item, path_of(field) + "." + std::to_string(number), faults_));
      } else {
        auto& texts = *std::get<std::vector<std::string>*>(slot);
        const auto& choices = field.choices;
        if (&item == &node.items[0]) texts.clear();
        if (!item.is_scalar())
          fault(item, field, "must be a list of texts, got " + item.shown());
        else if (!choices.empty() &&
                 std::find(choices.begin(), choices.end(), item.text) == choices.end())
          fault(item, field, "unknown value " + item.shown() + known_names(item.text, choices));
        else
          texts.push_back(item.text);
      }
    }
  }
  return std::visit(Echo{}, slot);
}

void Reader::visit(const Field& field, Slot slot) {
  known_.push_back(field.name);
  const Node* node = map_.find(field.name);
  std::optional<Node> value;
  if (node != nullptr && *node) {
    value = read(*node, field, slot);
    if (value) value->place = node->place;
  } else if (node != nullptr) {
    fault(*node, field, "has no value");
  } else {
    auto* const* nested = std::get_if<PluginSpec*>(&slot);
    Node chosen;  // a nested plugin that the spec does not name
    if (nested != nullptr && resolver_ != nullptr)
      chosen = (*nested)->name.empty() ? resolver_->natural(field.kind)
                                       : Node::scalar((*nested)->name, true);
    if (field.rule.required && !chosen) fault(map_, field, "is required");
    if (chosen) {
      chosen.place = map_.place;
      **nested = resolver_->resolve(field.kind, chosen, path_of(field), faults_);
    }
    value = std::visit(Echo{}, slot);
    if (value) value->place = map_.place;
  }
  if (value && field.is_file) value->is_file = true;
  if (value) resolved_.entries.push_back({field.name, map_.place, std::move(*value)});
}

void Reader::finish() {
  for (const auto& entry : map_.entries)
    if (std::find(known_.begin(), known_.end(), entry.key) == known_.end())
      faults_.add(entry.place, path_.empty() ? entry.key : path_ + "." + entry.key,
                  "unknown key" + known_names(entry.key, known_));
}

void Describer::visit(const Field& field, Slot slot) {
  items_.push_back({field, std::visit(TypeName{}, slot),
                    field.rule.required ? std::nullopt : std::visit(Echo{}, slot)});
}

}  // namespace gibbsite
