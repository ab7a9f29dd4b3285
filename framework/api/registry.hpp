// Names to plugins.
#pragma once

#include <concepts>
#include <functional>
#include <type_traits>

#include "gibbsite/api/abilities.hpp"
#include "gibbsite/api/context.hpp"

namespace gibbsite {

/// One registered plugin.
struct Entry {
  Kind kind = Kind::model;
  std::string name;
  std::string summary;
  std::string reference;
  std::vector<std::string> capabilities;  ///< a model's abilities by its class
  std::vector<std::string> needs;         ///< the abilities it needs of a model
  std::string module;                     ///< the file it came from
  /// Runs `fields` on default parameters.
  std::function<void(Fields&)> fields;
  /// Reads the resolved parameters and builds the object.
  std::function<std::unique_ptr<Plugin>(const Node&, const Context&)> make;
};

/// All plugins that have been loaded.
class GIBBSITE_API Registry final {
 public:
  /// Registers T, whose kind follows from the contract it derives from. T has a struct Params
  /// with `void fields(Fields&)` and a constructor T(const Params&, const Context&).
  template <class T>
  void add(std::string name, std::string summary, std::string reference = "") {
    Entry entry{.kind = kind_of<T>(),
                .name = std::move(name),
                .summary = std::move(summary),
                .reference = std::move(reference)};
    if constexpr (std::derived_from<T, EnergyModel>)
      entry.capabilities = AllAbilities::inherited<T>();
    if constexpr (requires { typename T::Needs; }) entry.needs = T::Needs::names();
    entry.fields = [](Fields& fields) { typename T::Params().fields(fields); };
    entry.make = [](const Node& node, const Context& context) -> std::unique_ptr<Plugin> {
      typename T::Params params;
      Faults faults;
      Reader reader(node, "", faults, again());
      params.fields(reader);
      faults.raise();
      return std::make_unique<T>(params, context);
    };
    insert(std::move(entry));
  }

  /// Called for a name that is not registered yet: loads its module, if there is one.
  std::function<void(Kind, const std::string&)> load = {};
  /// All names of a kind that could be loaded, registered or not.
  std::function<std::vector<std::string>(Kind)> available = {};
  /// The file that is registering now, for messages.
  std::string module = {};

  /// The entry, loaded if need be; null where there is none.
  const Entry* find(Kind kind, const std::string& name) const;
  const std::vector<Entry>& entries() const { return entries_; }
  std::vector<std::string> names(Kind kind) const;

  /// Builds a plugin of kind T from its resolved spec. Throws Error with the place of the spec.
  template <class T>
  std::unique_ptr<T> make(Kind kind, const PluginSpec& spec, const Context& context) const {
    auto made = make_any(kind, spec, context);
    return std::unique_ptr<T>(dynamic_cast<T*>(made.release()));
  }

 private:
  template <class T>
  static constexpr Kind kind_of() {
    if constexpr (std::derived_from<T, EnergyModel>)
      return Kind::model;
    else if constexpr (std::derived_from<T, Sampler>)
      return Kind::sampler;
    else if constexpr (std::derived_from<T, GradientEstimator>)
      return Kind::gradient;
    else if constexpr (std::derived_from<T, Evaluation>)
      return Kind::evaluation;
    else if constexpr (std::derived_from<T, Optimizer>)
      return Kind::optimizer;
    else {
      static_assert(std::derived_from<T, Dataset>,
                    "a plugin derives from one of the six contracts");
      return Kind::dataset;
    }
  }
  /// Nested specs that were resolved before are taken as they are.
  static Resolver* again();
  void insert(Entry entry);
  std::unique_ptr<Plugin> make_any(Kind kind, const PluginSpec& spec, const Context& context) const;

  std::vector<Entry> entries_;
};

}  // namespace gibbsite
