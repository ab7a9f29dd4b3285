// What a cell is known by, and the files it names.
#include <algorithm>
#include <map>

#include "gibbsite/io/files.hpp"
#include "gibbsite/io/hdf5.hpp"
#include "gibbsite/io/plugin_source.hpp"
#include "gibbsite/run/experiment.hpp"

namespace gibbsite {
namespace {

// A stored path with its optional `:/group`.
std::pair<std::string, std::string> split_group(const std::string& source) {
  const auto colon = source.rfind(":/");
  if (colon == std::string::npos || colon == 0) return {source, ""};
  return {source.substr(0, colon), source.substr(colon + 1)};
}

std::string canonical(const Node& node) {
  if (node.is_file) {
    const auto [file, group] = split_group(node.text);
    return "sha256:" + sha256_of_file(file) + group;
  }
  std::string text;
  if (node.is_list()) {
    for (const Node& item : node.items) text += canonical(item) + ",";
    return "[" + text + "]";
  }
  if (!node.is_map()) return to_flow(node);
  auto entries = node.entries;
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  for (const auto& entry : entries) text += entry.key + ":" + canonical(entry.value) + ",";
  return "{" + text + "}";
}

// A plugin is what its code says: the digests of sources and modules, in no order; empty without
// any. Each file is read once per process, as it is loaded once.
std::string plugin_digests(const Node& resolved) {
  static std::map<std::string, std::string> known;
  const Node* list = resolved.find("plugins");
  std::vector<std::string> digests;
  if (list != nullptr)
    for (const Node& item : list->items) {
      std::string& digest = known[item.text];
      if (digest.empty())
        digest = item.text.ends_with(".cpp") ? source_digest(item.text) : sha256_of_file(item.text);
      digests.push_back(digest);
    }
  std::sort(digests.begin(), digests.end());
  return join(digests, "");
}

}  // namespace

std::string absolute_file(const Node& item) {
  std::filesystem::path file = item.text;
  if (file.is_relative() && item.place.source && item.place.line > 0)
    file = std::filesystem::path(*item.place.source).parent_path() / file;
  return std::filesystem::absolute(file).lexically_normal().string();
}

std::string cell_id(const Node& resolved) {
  Node identity = resolved;
  for (const char* key : {"name", "description", "checkpoint", "plugins", "gibbsite"})
    identity.erase(key);
  return sha256(canonical(identity) + plugin_digests(resolved)).substr(0, 12);
}

void load_parameters(const std::string& source, EnergyModel& model) {
  auto* parametric = model.capability<Parametric>();
  if (parametric == nullptr) throw Error("parameters: this model has none");
  const auto [file, group] = split_group(source);
  Parameters theta = parametric->parameters();
  try {
    const Hdf5Reader reader(file);
    Index first = 0;
    for (const ParameterBlock& block : parametric->blocks()) {
      const std::string path = (group.empty() || group == "/" ? "" : group) + "/" + block.name;
      if (!reader.has(path)) throw Error("parameters: " + file + " has no dataset " + path);
      const auto shape = reader.shape(path);
      if (!std::equal(shape.begin(), shape.end(), block.shape.begin(), block.shape.end(),
                      [](std::size_t a, Index b) { return Index(a) == b; })) {
        std::vector<std::string> got, wanted;
        for (const auto n : shape) got.push_back(std::to_string(n));
        for (const auto n : block.shape) wanted.push_back(std::to_string(n));
        throw Error("parameters: " + path + " must have shape (" + join(wanted) + "), got (" +
                    join(got) + ")");
      }
      const auto values = reader.read(path);
      for (std::size_t i = 0; i < values.size(); ++i) theta(first + Index(i)) = values[i];
      first += block.size();
    }
  } catch (const StorageError& fault) {
    throw Error(std::string("parameters: ") + fault.what());
  }
  if (!theta.allFinite()) throw Error("parameters: " + file + " holds a value that is not finite");
  parametric->set_parameters(theta);
}

}  // namespace gibbsite
