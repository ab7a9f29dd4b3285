#include "gibbsite/run/makers.hpp"

#include <algorithm>

#include "gibbsite/api/stamp.hpp"
#include "gibbsite/io/loader.hpp"
#include "gibbsite/io/provenance.hpp"

namespace gibbsite {

Makers makers_of(const Registry& registry) {
  const std::filesystem::path libraries = module_folder().parent_path().parent_path();
  Makers makers = {{"engine", build_id("/proc/self/exe")},
                   {"sdk", build_id(libraries / "libgibbsite-" GIBBSITE_STAMP_PRECISION ".so")}};
  for (const Entry& entry : registry.entries())
    makers.emplace_back(std::string(kind_name(entry.kind)) + " " + entry.name,
                        build_id(entry.module));
  return makers;
}

std::vector<std::string> changed_makers(const Makers& then, const Makers& now) {
  std::vector<std::string> changed;
  for (const auto& [part, identity] : then) {
    const auto found = std::find_if(
        now.begin(), now.end(), [&, &name = part](const auto& one) { return one.first == name; });
    if (found != now.end() && found->second != identity) changed.push_back(part);
  }
  return changed;
}

}  // namespace gibbsite
