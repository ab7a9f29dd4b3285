#include "gibbsite/cli/engine/describe.hpp"

#include <algorithm>
#include <cstdio>

#include "gibbsite/io/json.hpp"
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

const Entry& entry_of(Kind kind, const std::string& name, Registry& registry) {
  const Entry* entry = registry.find(kind, name);
  if (entry == nullptr)
    throw Error("unknown " + std::string(kind_name(kind)) + " '" + name + "'" +
                known_names(name, registry.names(kind)));
  return *entry;
}

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

Node texts(const std::vector<std::string>& items) {
  std::vector<Node> nodes;
  for (const auto& item : items) nodes.push_back(Node::scalar(item, true));
  return Node::list(std::move(nodes));
}

void help_fields(const Describer& fields) {
  for (const auto& item : fields.items()) {
    const std::string limit = limits(item);
    print("  " + item.field.name + " (" + item.type + (limit.empty() ? "" : ", " + limit) + "; " +
          default_text(item) + ")\n      " + item.field.documentation + "\n");
  }
}

Node entry_node(const Entry& entry) {
  Node node = Node::map();
  node["kind"] = Node::scalar(std::string(kind_name(entry.kind)), true);
  node["name"] = Node::scalar(entry.name, true);
  node["summary"] = Node::scalar(entry.summary, true);
  node["reference"] = Node::scalar(entry.reference, true);
  node["capabilities"] = texts(entry.capabilities);
  node["needs"] = texts(entry.needs);
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
  if (!own.items().empty()) print("parameters:\n");
  help_fields(own);
  if (!common.items().empty())
    print("every " + std::string(kind_name(entry.kind)) + " also takes:\n");
  help_fields(common);
  return 0;
}

// JSON Schema (2020-12) of one value.
Node value_schema(const Describer::Item& item) {
  Node node = Node::map();
  const auto type = [&](const char* name) { node["type"] = Node::scalar(name, true); };
  const auto range = [&](Node& at) {
    const Rule& rule = item.field.rule;
    if (rule.minimum > -1e300)
      at[rule.above_minimum ? "exclusiveMinimum" : "minimum"] = Node::of(rule.minimum);
    if (rule.maximum < 1e300) at["maximum"] = Node::of(rule.maximum);
  };
  node["description"] = Node::scalar(item.field.documentation, true);
  const auto reference = [&](Node& at) {
    at["$ref"] = Node::scalar("#/$defs/" + std::string(kind_name(item.field.kind)), true);
  };
  if (item.type == "plugin") {
    reference(node);
  } else if (item.type == "list of plugins") {
    type("array");
    Node items = Node::map();
    reference(items);
    node["items"] = items;
  } else if (item.type.starts_with("list of ")) {
    type("array");
    Node items = Node::map();
    const bool reals = item.type == "list of reals", integers = item.type == "list of integers";
    items["type"] = Node::scalar(reals ? "number" : integers ? "integer" : "string", true);
    range(items);
    if (!item.field.choices.empty()) items["enum"] = texts(item.field.choices);
    node["items"] = items;
  } else if (item.type == "text") {
    type("string");
    if (!item.field.choices.empty()) node["enum"] = texts(item.field.choices);
  } else {
    type(item.type == "real" ? "number" : item.type == "integer" ? "integer" : "boolean");
    range(node);
  }
  if (item.default_value && item.type != "plugin") node["default"] = *item.default_value;
  return node;
}

Node map_schema(const Describer& fields, const std::string& name,
                const std::vector<std::pair<std::string, Node>>& extra = {}) {
  Node node = Node::map(), properties = Node::map();
  std::vector<std::string> required;
  if (!name.empty()) {
    properties["name"]["const"] = Node::scalar(name, true);
    required.push_back("name");
  }
  for (const auto& item : fields.items()) {
    properties[item.field.name] = value_schema(item);
    if (item.field.rule.required) required.push_back(item.field.name);
  }
  for (const auto& [key, value] : extra) properties[key] = value;
  node["type"] = Node::scalar("object", true);
  node["properties"] = properties;
  node["required"] = texts(required);
  node["additionalProperties"] = Node::of(false);
  return node;
}

Node reference_to(const std::string& name) {
  Node node = Node::map();
  node["$ref"] = Node::scalar("#/$defs/" + name, true);
  return node;
}

template <class Params>
Node section_schema(const std::vector<std::pair<std::string, Node>>& extra = {}) {
  Describer fields;
  Params().fields(fields);
  return map_schema(fields, "", extra);
}

Node typed(const char* type) {
  Node node = Node::map();
  node["type"] = Node::scalar(type, true);
  return node;
}

// Any plugin of a kind: its name alone, or a map; a scheduled one is a map that says when, too.
Node plugin_schema(Kind kind, Registry& registry, bool scheduled = false) {
  std::vector<Node> choices;
  if (!scheduled) {
    choices.push_back(Node::map());
    choices[0]["enum"] = texts(registry.names(kind));
  }
  for (const std::string& name : registry.names(kind)) {
    Describer fields;
    entry_of(kind, name, registry).fields(fields);
    common_fields(kind, fields);
    if (scheduled) ScheduledParams().fields(fields);
    choices.push_back(map_schema(fields, name));
  }
  Node node = Node::map();
  node["oneOf"] = Node::list(std::move(choices));
  return node;
}

Node definitions(Registry& registry) {
  Node all = Node::map();
  for (const Kind kind : all_kinds) all[kind_name(kind)] = plugin_schema(kind, registry);
  all["scheduled_evaluation"] = plugin_schema(Kind::evaluation, registry, true);
  return all;
}

Node train_schema() {
  Node evaluations = typed("array");
  evaluations["items"] = reference_to("scheduled_evaluation");
  return section_schema<TrainParams>(
      {{"regularization",
        section_schema<RegularizationParams>({{"sparsity", section_schema<SparsityParams>()}})},
       {"centring", section_schema<CentringParams>()},
       {"clip", section_schema<ClipParams>()},
       {"evaluate", evaluations},
       {"stop", section_schema<StopParams>()},
       {"on_divergence", section_schema<DivergenceParams>()}});
}

int schema(Registry& registry) {
  Node root = Node::map(), properties = Node::map(), evaluations = typed("array"),
       precision = typed("string");
  evaluations["items"] = reference_to("evaluation");
  precision["enum"] = texts({"single", "double"});
  properties["gibbsite"]["const"] = Node::of(std::int64_t{1});
  properties["name"] = typed("string");
  properties["name"]["pattern"] = Node::scalar("^[a-z0-9_-]{1,100}$", true);
  properties["description"] = typed("string");
  properties["seed"] = typed("integer");
  properties["seed"]["minimum"] = Node::of(std::int64_t{0});
  properties["precision"] = precision;
  properties["plugins"] = typed("array");
  properties["data"] = reference_to("dataset");
  properties["model"] = reference_to("model");
  properties["train"] = train_schema();
  properties["sample"] = section_schema<SampleParams>(
      {{"init", section_schema<InitParams>()}, {"clamp", section_schema<ClampParams>()}});
  properties["evaluate"] = evaluations;
  properties["checkpoint"] = section_schema<CheckpointParams>();
  properties["grid"] = typed("object");
  root["$schema"] = Node::scalar("https://json-schema.org/draft/2020-12/schema", true);
  root["title"] = Node::scalar("Gibbsite experiment spec", true);
  root["type"] = Node::scalar("object", true);
  root["properties"] = properties;
  root["required"] = texts({"gibbsite", "name", "model"});
  root["additionalProperties"] = Node::of(false);
  root["$defs"] = definitions(registry);
  print(to_json(root) + "\n");
  return 0;
}

}  // namespace

int describe(const std::string& verb, const std::vector<std::string>& given, Registry& registry) {
  std::vector<std::string> arguments = given;
  const bool json = std::erase(arguments, "--json") > 0;
  if (verb == "list" && std::erase(arguments, "--plugins") > 0) return list_modules(json);
  if (verb == "list") return list(arguments, json, registry);
  if (verb == "help") return help(arguments, json, registry);
  if (verb == "schema") return schema(registry);
  if (verb == "docs" && arguments.size() == 1) return write_docs(arguments[0], registry);
  throw Error("unknown engine verb '" + verb + "'");
}

}  // namespace gibbsite
