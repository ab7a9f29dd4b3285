#include "gibbsite/api/registry.hpp"

#include <algorithm>
#include <atomic>

#include "gibbsite/api/under_construction.hpp"

namespace gibbsite {
namespace {

std::atomic<const char*> built{nullptr};

// Makes a plugin, by its subject, the one that is being built.
class Construction {
 public:
  explicit Construction(const std::string& subject) : outer_(built.exchange(subject.c_str())) {}
  ~Construction() { built = outer_; }
  Construction(const Construction&) = delete;
  Construction& operator=(const Construction&) = delete;

 private:
  const char* outer_;
};

class Resolved final : public Resolver {
 public:
  PluginSpec resolve(Kind, const Node& node, const std::string&, Faults&) override {
    if (node.is_scalar()) return {node.text, Node::map()};
    const Node* name = node.find("name");
    return {name == nullptr ? "" : name->text, node};
  }
  Node natural(Kind) const override { return {}; }
};

template <class T>
std::unique_ptr<T> nested(const Context& from, Kind kind, const PluginSpec& spec,
                          EnergyModel* model) {
  Context context = from;
  context.model = model;
  context.random = from.random.split("nested " + spec.name);
  return from.registry->make<T>(kind, spec, context);
}

std::string missing(const Registry& registry, const std::string& subject,
                    std::string_view capability, const std::vector<std::string>& offered) {
  std::vector<std::string> others;
  for (const std::string& name : registry.names(Kind::model)) {
    const auto& has = registry.find(Kind::model, name)->capabilities;
    if (std::find(has.begin(), has.end(), capability) != has.end()) others.push_back(name);
  }
  return subject + ": needs a model with capability '" + std::string(capability) +
         "' (this one offers: " + (offered.empty() ? "none" : join(offered)) +
         "; models with it: " + (others.empty() ? "none" : join(others)) + ")";
}

}  // namespace

const char* under_construction() { return built; }

Resolver* Registry::again() {
  static Resolved resolved;
  return &resolved;
}

void Registry::insert(Entry entry) {
  entry.module = module;
  for (const Entry& other : entries_)
    if (other.kind == entry.kind && other.name == entry.name)
      throw Error(module + ": " + std::string(kind_name(entry.kind)) + " '" + entry.name +
                  "' is already registered by " + other.module);
  entries_.push_back(std::move(entry));
}

const Entry* Registry::find(Kind kind, const std::string& name) const {
  for (int tries = 0; tries < 2; ++tries) {
    for (const Entry& entry : entries_)
      if (entry.kind == kind && entry.name == name) return &entry;
    if (tries == 0 && load) load(kind, name);
  }
  return nullptr;
}

std::vector<std::string> Registry::names(Kind kind) const {
  std::vector<std::string> names = available ? available(kind) : std::vector<std::string>{};
  for (const Entry& entry : entries_)
    if (entry.kind == kind) names.push_back(entry.name);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::unique_ptr<Plugin> Registry::make_any(Kind kind, const PluginSpec& spec,
                                           const Context& context) const {
  const std::string subject = std::string(kind_name(kind)) + " " + spec.name;
  const Entry* entry = find(kind, spec.name);
  if (entry == nullptr) throw Error("unknown " + subject + known_names(spec.name, names(kind)));
  const Construction construction(subject);
  Context own = context;
  own.registry = this;
  own.subject = subject;
  if (context.model != nullptr && !entry->needs.empty()) {
    const auto offered = capabilities_of(*context.model);
    for (const std::string& need : entry->needs)
      if (std::find(offered.begin(), offered.end(), need) == offered.end())
        throw Error(missing(*this, subject, need, offered));
  }
  return entry->make(spec.node, own);
}

const Dataset& Context::require_train() const {
  if (train == nullptr) throw Error(subject + ": needs a data section");
  return *train;
}

void Context::throw_missing(std::string_view capability) const {
  if (model == nullptr) throw Error(subject + ": needs a model");
  const auto offered = capabilities_of(*model);
  throw Error(missing(*registry, subject, capability, offered));
}

std::unique_ptr<Sampler> Context::sampler(const PluginSpec& spec, EnergyModel* other) const {
  if (!spec) throw Error(subject + ": no sampler is named and the model has no natural one");
  return nested<Sampler>(*this, Kind::sampler, spec, other == nullptr ? model : other);
}

std::unique_ptr<GradientEstimator> Context::gradient(const PluginSpec& spec) const {
  return nested<GradientEstimator>(*this, Kind::gradient, spec, model);
}

std::unique_ptr<Evaluation> Context::evaluation(const PluginSpec& spec) const {
  return nested<Evaluation>(*this, Kind::evaluation, spec, model);
}

std::unique_ptr<EnergyModel> Context::energy_model(const PluginSpec& spec) const {
  return nested<EnergyModel>(*this, Kind::model, spec, nullptr);
}

std::unique_ptr<Dataset> Context::dataset(const PluginSpec& spec) const {
  return nested<Dataset>(*this, Kind::dataset, spec, nullptr);
}

}  // namespace gibbsite
