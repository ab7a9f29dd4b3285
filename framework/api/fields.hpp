// Declared parameters: one function of a Params struct reads and checks the spec, prints the
// help and the JSON Schema, and echoes the resolved values.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gibbsite/api/plugin_base.hpp"
#include "gibbsite/core/error.hpp"
#include "gibbsite/core/node.hpp"

namespace gibbsite {

/// A plugin chosen in a spec: its name and its own parameters, resolved.
struct PluginSpec {
  std::string name;
  Node node;  ///< the resolved map, `name` included
  explicit operator bool() const { return !name.empty(); }
};

/// Which values a number may take.
struct Rule {
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  bool above_minimum = false;  ///< the minimum itself is not allowed
  bool required = false;       ///< there is no default
  std::string unset = {};      ///< what a missing optional means, for the help
};

/// One declared parameter.
struct Field {
  std::string name;
  std::string documentation;
  Rule rule = {};
  std::vector<std::string> choices = {};
  Kind kind = Kind::sampler;  ///< of a nested plugin
  bool is_file = false;       ///< a path, relative to the spec
};

/// Where the value of a field lives.
using Slot = std::variant<double*, Index*, bool*, std::string*, std::optional<double>*,
                          std::optional<Index>*, std::vector<double>*, std::vector<Index>*,
                          std::vector<std::string>*, PluginSpec*, std::vector<PluginSpec>*>;

/// What `Params::fields` is given. The names are those of the spec; documentation is one
/// sentence with the unit.
class GIBBSITE_API Fields {
 public:
  virtual ~Fields() = default;
  virtual void visit(const Field& field, Slot slot) = 0;

  void real(std::string name, double& value, std::string documentation, Rule rule = {}) {
    visit({std::move(name), std::move(documentation), std::move(rule)}, &value);
  }
  /// A number > 0.
  void positive(std::string name, double& value, std::string documentation) {
    real(std::move(name), value, std::move(documentation), {.minimum = 0, .above_minimum = true});
  }
  /// A number in [0, 1].
  void fraction(std::string name, double& value, std::string documentation) {
    real(std::move(name), value, std::move(documentation), {.minimum = 0, .maximum = 1});
  }
  void real(std::string name, std::optional<double>& value, std::string documentation, Rule rule) {
    visit({std::move(name), std::move(documentation), std::move(rule)}, &value);
  }
  void integer(std::string name, Index& value, std::string documentation,
               Rule rule = {.minimum = 0}) {
    visit({std::move(name), std::move(documentation), std::move(rule)}, &value);
  }
  /// An integer >= 1.
  void count(std::string name, Index& value, std::string documentation) {
    integer(std::move(name), value, std::move(documentation), {.minimum = 1});
  }
  void integer(std::string name, std::optional<Index>& value, std::string documentation,
               Rule rule) {
    visit({std::move(name), std::move(documentation), std::move(rule)}, &value);
  }
  void flag(std::string name, bool& value, std::string documentation) {
    visit({std::move(name), std::move(documentation)}, &value);
  }
  void text(std::string name, std::string& value, std::string documentation, Rule rule = {}) {
    visit({std::move(name), std::move(documentation), std::move(rule)}, &value);
  }
  void choice(std::string name, std::string& value, std::vector<std::string> choices,
              std::string documentation) {
    visit({.name = std::move(name),
           .documentation = std::move(documentation),
           .choices = std::move(choices)},
          &value);
  }
  /// A path; a relative one starts at the spec's folder.
  void file(std::string name, std::string& value, std::string documentation, Rule rule = {}) {
    visit({.name = std::move(name),
           .documentation = std::move(documentation),
           .rule = std::move(rule),
           .is_file = true},
          &value);
  }
  void reals(std::string name, std::vector<double>& value, std::string documentation,
             Rule rule = {}) {
    visit({std::move(name), std::move(documentation), std::move(rule)}, &value);
  }
  void integers(std::string name, std::vector<Index>& value, std::string documentation,
                Rule rule = {.minimum = 0}) {
    visit({std::move(name), std::move(documentation), std::move(rule)}, &value);
  }
  void texts(std::string name, std::vector<std::string>& value, std::string documentation,
             Rule rule = {}) {
    visit({std::move(name), std::move(documentation), std::move(rule)}, &value);
  }
  /// A nested plugin; a sampler that is not given is the model's natural one, a gradient the one
  /// of the train section.
  void plugin(std::string name, PluginSpec& value, Kind kind, std::string documentation,
              Rule rule = {}) {
    visit({.name = std::move(name),
           .documentation = std::move(documentation),
           .rule = std::move(rule),
           .kind = kind},
          &value);
  }
  /// A list of nested plugins of one kind.
  void plugins(std::string name, std::vector<PluginSpec>& value, Kind kind,
               std::string documentation, Rule rule = {}) {
    visit({.name = std::move(name),
           .documentation = std::move(documentation),
           .rule = std::move(rule),
           .kind = kind},
          &value);
  }
};

/// Faults found so far; reading goes on so that all are reported.
class GIBBSITE_API Faults {
 public:
  /// One line `place: path: message`.
  void add(const Place& place, const std::string& path, const std::string& message);
  bool empty() const { return lines_.empty(); }
  const std::vector<std::string>& lines() const { return lines_; }
  /// Throws Error with all lines, if there are any.
  void raise() const;

 private:
  std::vector<std::string> lines_;
};

/// How nested plugins are resolved while reading.
class GIBBSITE_API Resolver {
 public:
  virtual ~Resolver() = default;
  /// The resolved form of a nested plugin (a name alone or a map with `name`).
  virtual PluginSpec resolve(Kind kind, const Node& node, const std::string& path,
                             Faults& faults) = 0;
  /// The plugin to use where a spec names none: the model's natural sampler, the gradient that
  /// trains. Null where there is none.
  virtual Node natural(Kind kind) const = 0;
};

/// Reads a map of the spec into fields, collecting faults, and keeps the resolved map.
class GIBBSITE_API Reader final : public Fields {
 public:
  /// `path` is the dotted path of `map` in the spec. `resolver` may be null where no field is a
  /// plugin. All three must outlive the Reader.
  Reader(const Node& map, std::string path, Faults& faults, Resolver* resolver);
  void visit(const Field& field, Slot slot) override;
  /// Takes `key` as known without reading it.
  void accept(const std::string& key) { known_.push_back(key); }
  /// Reports every key that no field asked for.
  void finish();
  const Node& resolved() const { return resolved_; }
  Node& resolved() { return resolved_; }

 private:
  std::string path_of(const Field& field) const;
  void fault(const Node& at, const Field& field, const std::string& message);
  std::optional<double> read_real(const Node& node, const Field& field);
  std::optional<Index> read_integer(const Node& node, const Field& field);
  std::optional<Node> read(const Node& node, const Field& field, const Slot& slot);

  const Node& map_;
  std::string path_;
  Faults& faults_;
  Resolver* resolver_;
  std::vector<std::string> known_;
  Node resolved_ = Node::map();
};

/// Collects declared fields with their defaults, for the help and the schema.
class GIBBSITE_API Describer final : public Fields {
 public:
  struct Item {
    Field field;
    std::string type;  ///< "real", "integer", "boolean", "text", "plugin", "list of plugins" ...
    std::optional<Node> default_value;
  };
  void visit(const Field& field, Slot slot) override;
  const std::vector<Item>& items() const { return items_; }

 private:
  std::vector<Item> items_;
};

/// The rule in words: "must be > 0", "must be in [0, 1]"; empty where any value goes.
GIBBSITE_API std::string rule_text(const Rule& rule);

}  // namespace gibbsite
