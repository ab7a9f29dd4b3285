#include "gibbsite/io/resolve.hpp"

namespace gibbsite {

PluginSpec RegistryResolver::resolve(Kind kind, const Node& node, const std::string& path,
                                     Faults& faults) {
  return resolve_with(kind, node, path, faults, nullptr);
}

PluginSpec RegistryResolver::resolve_with(Kind kind, const Node& node, const std::string& path,
                                          Faults& faults,
                                          const std::function<void(Fields&)>& extra) {
  Node map = node;
  if (node.is_scalar()) {
    map = Node::map();
    map.place = node.place;
    map.entries.push_back({"name", node.place, node});
  }
  const Node* name = map.find("name");
  if (!map.is_map() || name == nullptr || !name->is_scalar()) {
    faults.add(node.place, path,
               "must be the name of a plugin (" + std::string(kind_name(kind)) +
                   ") or a map with its name, got " + node.shown());
    return {};
  }
  const Entry* entry = nullptr;
  try {
    entry = registry_.find(kind, name->text);
  } catch (const Error& fault) {
    faults.add(name->place, path, fault.what());
    return {};
  }
  if (entry == nullptr) {
    faults.add(name->place, path,
               "unknown " + std::string(kind_name(kind)) + " " + name->shown() +
                   known_names(name->text, registry_.names(kind)));
    return {};
  }
  Reader reader(map, path, faults, this);
  reader.accept("name");
  reader.resolved().entries.push_back({"name", name->place, Node::scalar(name->text, true)});
  entry->fields(reader);
  if (extra) extra(reader);
  reader.finish();
  PluginSpec spec{name->text, std::move(reader.resolved())};
  spec.node.place = map.place;
  return spec;
}

Node RegistryResolver::natural(Kind kind) const {
  if (kind == Kind::gradient) return training_gradient_;
  if (kind != Kind::sampler || natural_sampler_.empty()) return {};
  return Node::scalar(natural_sampler_, true);
}

void RegistryResolver::set_natural(const EnergyModel& model) {
  natural_sampler_.clear();
  const bool latent = model.capability<Latent>() != nullptr;
  const bool conditional = model.capability<Conditional>() != nullptr;
  const bool differentiable = model.capability<Differentiable>() != nullptr;
  if (latent)
    natural_sampler_ = "block_gibbs";
  else if (conditional && (model.domain().is_discrete() || !differentiable))
    natural_sampler_ = "gibbs";
  else if (differentiable)
    natural_sampler_ = "hmc";
}

}  // namespace gibbsite
