// What the readers of a cell's sections share.
#pragma once

#include <functional>

#include "gibbsite/api/registry.hpp"
#include "gibbsite/io/resolve.hpp"

namespace gibbsite {

/// The cell as far as it is built. Faults are collected; a section that has any is not built.
struct SectionTools {
  Registry& registry;
  RegistryResolver& resolver;
  const Context& context;
  std::uint64_t seed;
  Faults& faults;

  /// The context of a plugin with random numbers of its own.
  Context with_stream(const std::string& purpose) const;
  /// Runs `make`; what a constructor throws becomes a fault at this place.
  void guard(const Place& place, const std::string& path, const std::function<void()>& make) const;
  /// Reads the map `section.key` into `params`, where it is given, and adds what was resolved to
  /// the section's. Returns the map, or null.
  template <class Params>
  const Node* read_map(const Node& section, const std::string& path, const std::string& key,
                       Reader& reader, Params& params) const {
    reader.accept(key);
    const Node* given = section.find(key);
    if (given == nullptr) return nullptr;
    if (!*given) faults.add(given->place, path + "." + key, "has no value");
    Reader inner(*given, path + "." + key, faults, &resolver);
    params.fields(inner);
    inner.finish();
    reader.resolved().entries.push_back({key, given->place, std::move(inner.resolved())});
    return given;
  }
};

}  // namespace gibbsite
