// How a cell ended, as status.yaml says it.
#include <cmath>

#include "gibbsite/io/files.hpp"
#include "gibbsite/io/yaml.hpp"
#include "gibbsite/run/pack.hpp"
#include "gibbsite/run/result.hpp"

namespace gibbsite {

std::string status_text(const Outcome& outcome) {
  Node node = Node::map();
  node["status"] = Node::scalar(outcome.status, true);
  if (!outcome.error.empty()) node["error"] = Node::scalar(outcome.error, true);
  if (!outcome.stage.empty()) node["stage"] = Node::scalar(outcome.stage, true);
  if (outcome.step >= 0) node["step"] = Node::of(outcome.step);
  if (!outcome.signal.empty()) node["signal"] = Node::scalar(outcome.signal, true);
  if (outcome.attempt > 0) node["attempt"] = Node::of(std::int64_t{outcome.attempt});
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
  if (!outcome.log.empty()) {
    std::vector<Node> lines;
    for (const std::string& line : outcome.log) lines.push_back(Node::scalar(line, true));
    node["log"] = Node::list(std::move(lines));
  }
  return to_yaml(node);
}

void write_status(const std::filesystem::path& folder, const Outcome& outcome) {
  write_file(folder / "status.yaml", status_text(outcome));
}

Outcome read_status(const std::filesystem::path& folder) {
  Outcome outcome;
  const auto file = folder / "status.yaml";
  const bool here = std::filesystem::exists(file);
  const auto packed = here ? std::nullopt : packed_status(folder);
  if (!here && !packed) return outcome;
  const std::string bytes = here ? read_file(file) : *packed;
  const auto own = parse_own_map(bytes);
  const Node node = own ? *own : parse_yaml(bytes, file.string());
  const auto text = [&](const char* key) {
    return node.find(key) == nullptr ? std::string() : node.find(key)->text;
  };
  outcome.status = text("status");
  outcome.error = text("error");
  outcome.stage = text("stage");
  outcome.signal = text("signal");
  const auto number = [&](const char* key, std::int64_t otherwise) {
    return node.find(key) == nullptr ? otherwise : node.find(key)->as_integer().value_or(otherwise);
  };
  outcome.step = number("step", -1);
  outcome.attempt = int(number("attempt", 0));
  if (const Node* log = node.find("log"))
    for (const Node& line : log->items) outcome.log.push_back(line.text);
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
