// The JSON Schema (2020-12) of a spec, for editors: every section, every plugin with its
// parameters.
#include <cstdio>

#include "gibbsite/cli/engine/describe.hpp"
#include "gibbsite/io/json.hpp"
#include "gibbsite/io/loader.hpp"
#include "gibbsite/run/data.hpp"
#include "gibbsite/run/sections.hpp"

namespace gibbsite {
namespace {

// One value.
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
    const Entry& entry = entry_of(kind, name, registry);
    Describer fields;
    entry.fields(fields);
    common_fields(kind, fields);
    if (scheduled) ScheduledParams().fields(fields);
    choices.push_back(map_schema(fields, name));
    const std::string comment = comment_of_module(entry.module);
    choices.back()["description"] = Node::scalar(entry.summary + "\n\n" + comment, true);
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
  Node evaluations = typed("array"), parts = typed("array");
  evaluations["items"] = reference_to("scheduled_evaluation");
  parts["items"] = section_schema<PretrainParams>();
  return section_schema<TrainParams>(
      {{"pretrain", parts},
       {"regularization",
        section_schema<RegularizationParams>({{"sparsity", section_schema<SparsityParams>()}})},
       {"centring", section_schema<CentringParams>()},
       {"clip", section_schema<ClipParams>()},
       {"evaluate", evaluations},
       {"stop", section_schema<StopParams>()},
       {"on_divergence", section_schema<DivergenceParams>()}});
}

}  // namespace

int write_schema(Registry& registry) {
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
  std::printf("%s\n", to_json(root).c_str());
  return 0;
}

}  // namespace gibbsite
