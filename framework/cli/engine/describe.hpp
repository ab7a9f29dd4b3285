// What is registered, for `list`, `help`, `schema` and `docs`.
#pragma once

#include <string>
#include <vector>

#include "gibbsite/api/registry.hpp"

namespace gibbsite {

/// Prints a description: verb `list` [kind] [--json], `help` kind name [--json], or `schema`.
/// Throws Error for an unknown kind or name.
int describe(const std::string& verb, const std::vector<std::string>& arguments,
             Registry& registry);

/// All kinds of plugins, in the order in which they are shown.
inline constexpr Kind all_kinds[] = {Kind::model,      Kind::sampler,   Kind::gradient,
                                     Kind::evaluation, Kind::optimizer, Kind::dataset};

/// The entry of a name. Throws Error for an unknown one, with those that it may have been.
const Entry& entry_of(Kind kind, const std::string& name, Registry& registry);

/// A list of texts.
Node texts(const std::vector<std::string>& items);

/// What values a field takes, and what it is where a spec does not say, in words.
std::string limits(const Describer::Item& item);
std::string default_text(const Describer::Item& item);

/// Prints the JSON Schema of a spec.
int write_schema(Registry& registry);

/// Writes index.html and a page per plugin into `folder`, which is made.
int write_docs(const std::string& folder, Registry& registry);

/// Prints every module of module_folders(): its file, what it registers or why it is refused.
int list_modules(bool json);

}  // namespace gibbsite
