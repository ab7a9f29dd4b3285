// A spec as a tree of values that remember where they were written.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gibbsite/core/types.hpp"

namespace gibbsite {

/// Where a value was written: `file:line:column`, or a word such as `--set`.
struct Place {
  std::shared_ptr<const std::string> source;
  int line = 0;    ///< from 1; 0 where the source has no lines
  int column = 0;  ///< from 1
  GIBBSITE_API std::string text() const;
};

/// One value of a spec: nothing, a scalar, a list or a map that keeps its order.
struct GIBBSITE_API Node {
  enum class Kind { null, scalar, list, map };
  struct Entry;

  Kind kind = Kind::null;
  std::string text;      ///< a scalar's characters
  bool quoted = false;   ///< a quoted scalar is text, never a number
  bool is_file = false;  ///< a path whose content, not name, identifies it
  std::vector<Node> items;
  std::vector<Entry> entries;
  Place place;

  static Node scalar(std::string text, bool quoted = false);
  static Node of(double value);
  static Node of(std::int64_t value);
  static Node of(bool value);
  static Node list(std::vector<Node> items);
  static Node map();

  bool is_map() const { return kind == Kind::map; }
  bool is_list() const { return kind == Kind::list; }
  bool is_scalar() const { return kind == Kind::scalar; }
  explicit operator bool() const { return kind != Kind::null; }

  /// The value of `key`, or null where this is no map or lacks it.
  const Node* find(std::string_view key) const;
  Node* find(std::string_view key);
  /// The value of `key`, made (as null) at the end of the map where it was missing.
  Node& operator[](std::string_view key);
  void erase(std::string_view key);
  std::vector<std::string> keys() const;

  /// What a reader of messages should see of this value: short, one line.
  std::string shown() const;

  /// The scalar as a decimal integer, without rounding, octal or exponent.
  std::optional<std::int64_t> as_integer() const;
  std::optional<std::uint64_t> as_unsigned() const;
  /// The scalar as a finite decimal number; an underflow to zero is no number.
  std::optional<double> as_real() const;
  std::optional<bool> as_boolean() const;
};

/// A key with its value.
struct Node::Entry {
  std::string key;
  Place place;
  Node value;
};

/// The tree as block-style YAML with two spaces of indent; equal trees give equal text.
GIBBSITE_API std::string to_yaml(const Node& node, int indent = 0);
/// The tree as YAML in one line (flow style).
GIBBSITE_API std::string to_flow(const Node& node);

}  // namespace gibbsite
