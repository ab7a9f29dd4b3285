// How a cell ended, as status.yaml says it.
#include <cmath>

#include "gibbsite/io/files.hpp"
#include "gibbsite/io/yaml.hpp"
#include "gibbsite/run/result.hpp"

namespace gibbsite {

void write_status(const std::filesystem::path& folder, const Outcome& outcome) {
  Node node = Node::map();
  node["status"] = Node::scalar(outcome.status, true);
  if (!outcome.error.empty()) node["error"] = Node::scalar(outcome.error, true);
  if (!outcome.stage.empty()) node["stage"] = Node::scalar(outcome.stage, true);
  node["seconds"] = Node::of(outcome.seconds);
  Node headline = Node::map();
  for (const auto& [name, value] : outcome.headline) headline[name] = Node::of(value);
  node["headline"] = headline;
  if (!outcome.made_by.empty()) {
    Node made_by = Node::map();
    for (const auto& [part, identity] : outcome.made_by)
      made_by[part] = Node::scalar(identity, true);
    node["made_by"] = made_by;
  }
  write_file(folder / "status.yaml", to_yaml(node));
}

Outcome read_status(const std::filesystem::path& folder) {
  Outcome outcome;
  const auto file = folder / "status.yaml";
  if (!std::filesystem::exists(file)) return outcome;
  const Node node = read_yaml_file(file.string());
  const auto text = [&](const char* key) {
    return node.find(key) == nullptr ? std::string() : node.find(key)->text;
  };
  outcome.status = text("status");
  outcome.error = text("error");
  outcome.stage = text("stage");
  if (const Node* seconds = node.find("seconds")) outcome.seconds = seconds->as_real().value_or(0);
  if (const Node* headline = node.find("headline"))
    for (const auto& entry : headline->entries)
      outcome.headline.emplace_back(entry.key, entry.value.text == ".inf" ? HUGE_VAL
                                               : entry.value.text == "-.inf"
                                                   ? -HUGE_VAL
                                                   : entry.value.as_real().value_or(std::nan("")));
  if (const Node* made_by = node.find("made_by"))
    for (const auto& entry : made_by->entries)
      outcome.made_by.emplace_back(entry.key, entry.value.text);
  return outcome;
}

}  // namespace gibbsite
