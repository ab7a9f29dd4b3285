#include "gibbsite/cli/engine/describe.hpp"

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "gibbsite/io/json.hpp"
#include "gibbsite/io/loader.hpp"
#include "gibbsite/run/data.hpp"
#include "gibbsite/run/sections.hpp"

namespace gibbsite {

std::string limits(const Describer::Item& item) {
  std::string text = rule_text(item.field.rule);
  if (!item.field.choices.empty()) text = "one of " + join(item.field.choices);
  if (item.type == "plugin") text = "a " + std::string(kind_name(item.field.kind));
  if (item.type == "list of plugins")
    text = "a list of " + std::string(kind_name(item.field.kind)) + "s";
  return text;
}

std::string default_text(const Describer::Item& item) {
  if (item.field.rule.required) return "required";
  if (!item.field.rule.unset.empty()) return "default: " + item.field.rule.unset;
  if (item.default_value) return "default: " + to_flow(*item.default_value);
  if (item.type == "plugin")
    return item.field.kind == Kind::sampler    ? "default: the model's natural one"
           : item.field.kind == Kind::gradient ? "default: the one that trains"
                                               : "default: none";
  return "default: none";
}

const Entry& entry_of(Kind kind, const std::string& name, Registry& registry) {
  const Entry* entry = registry.find(kind, name);
  if (entry == nullptr)
    throw Error("unknown " + std::string(kind_name(kind)) + " '" + name + "'" +
                known_names(name, registry.names(kind)));
  return *entry;
}

Node texts(const std::vector<std::string>& items) {
  std::vector<Node> nodes;
  for (const auto& item : items) nodes.push_back(Node::scalar(item, true));
  return Node::list(std::move(nodes));
}

namespace {

Kind kind_of(const std::string& word) {
  std::vector<std::string> known;
  for (const Kind kind : all_kinds) {
    const std::string name(kind_name(kind));
    if (word == name || word == name + "s") return kind;
    known.push_back(name);
  }
  throw Error("unknown kind '" + word + "'" + known_names(word, known));
}

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void help_fields(const Describer& fields) {
  for (const auto& item : fields.items()) {
    const std::string limit = limits(item);
    print("  " + item.field.name + " (" + item.type + (limit.empty() ? "" : ", " + limit) + "; " +
          default_text(item) + ")\n      " + item.field.documentation + "\n");
  }
}

// The head of the plugin's source, with its equation.
void help_comment(const Entry& entry) {
  std::istringstream lines(comment_of_module(entry.module));
  std::string text;
  for (std::string line; std::getline(lines, line);)
    text += line.empty() ? "\n" : "  " + line + "\n";
  if (!text.empty()) print("\n" + text + "\n");
}

Node entry_node(const Entry& entry) {
  Node node = Node::map();
  node["kind"] = Node::scalar(std::string(kind_name(entry.kind)), true);
  node["name"] = Node::scalar(entry.name, true);
  node["summary"] = Node::scalar(entry.summary, true);
  node["reference"] = Node::scalar(entry.reference, true);
  node["capabilities"] = texts(entry.capabilities);
  node["needs"] = texts(entry.needs);
  node["explanation"] = Node::scalar(comment_of_module(entry.module), true);
  node["module"] = Node::scalar(entry.module, true);
  return node;
}

Node fields_node(const Describer& fields) {
  std::vector<Node> list;
  for (const auto& item : fields.items()) {
    Node node = Node::map();
    node["name"] = Node::scalar(item.field.name, true);
    node["type"] = Node::scalar(item.type, true);
    node["rule"] = Node::scalar(limits(item), true);
    node["required"] = Node::of(item.field.rule.required);
    if (item.default_value) node["default"] = *item.default_value;
    node["documentation"] = Node::scalar(item.field.documentation, true);
    list.push_back(std::move(node));
  }
  return Node::list(std::move(list));
}

int list(std::vector<std::string> arguments, bool json, Registry& registry) {
  std::vector<Kind> kinds(std::begin(all_kinds), std::end(all_kinds));
  if (!arguments.empty()) kinds = {kind_of(arguments[0])};
  std::vector<Node> nodes;
  for (const Kind kind : kinds) {
    if (!json) print(std::string(kind_name(kind)) + "\n");
    for (const std::string& name : registry.names(kind)) {
      const Entry& entry = entry_of(kind, name, registry);
      nodes.push_back(entry_node(entry));
      if (json) continue;
      std::string line =
          "  " + name + std::string(name.size() < 30 ? 30 - name.size() : 1, ' ') + entry.summary;
      if (!entry.capabilities.empty()) line += " [" + join(entry.capabilities) + "]";
      if (!entry.needs.empty()) line += " [needs " + join(entry.needs) + "]";
      print(line + "\n");
    }
  }
  if (json) print(to_json(Node::list(std::move(nodes))) + "\n");
  return 0;
}

int help(const std::vector<std::string>& arguments, bool json, Registry& registry) {
  if (arguments.size() != 2)
    throw Error("help needs a kind and a name, e.g. `gibbsite help sampler hmc`");
  const Entry& entry = entry_of(kind_of(arguments[0]), arguments[1], registry);
  Describer own, common;
  entry.fields(own);
  common_fields(entry.kind, common);
  if (json) {
    Node node = entry_node(entry);
    node["parameters"] = fields_node(own);
    node["common_parameters"] = fields_node(common);
    print(to_json(node) + "\n");
    return 0;
  }
  print(std::string(kind_name(entry.kind)) + " " + entry.name + ": " + entry.summary + "\n");
  if (!entry.reference.empty()) print("reference: " + entry.reference + "\n");
  if (!entry.capabilities.empty()) print("capabilities: " + join(entry.capabilities) + "\n");
  if (!entry.needs.empty()) print("needs a model with: " + join(entry.needs) + "\n");
  print("module: " + entry.module + "\n");
  help_comment(entry);
  if (!own.items().empty()) print("parameters:\n");
  help_fields(own);
  if (!common.items().empty())
    print("every " + std::string(kind_name(entry.kind)) + " also takes:\n");
  help_fields(common);
  return 0;
}

}  // namespace

int describe(const std::string& verb, const std::vector<std::string>& given, Registry& registry) {
  std::vector<std::string> arguments = given;
  const bool json = std::erase(arguments, "--json") > 0;
  if (verb == "list" && std::erase(arguments, "--plugins") > 0) return list_modules(json);
  if (verb == "list") return list(arguments, json, registry);
  if (verb == "help") return help(arguments, json, registry);
  if (verb == "schema") return write_schema(registry);
  if (verb == "docs" && arguments.size() == 1) return write_docs(arguments[0], registry);
  throw Error("unknown engine verb '" + verb + "'");
}

}  // namespace gibbsite
