#include "gibbsite/api/nested_kernels.hpp"

#include <algorithm>

namespace gibbsite {

std::vector<Statistic> prefixed(const std::string& kernel, std::vector<Statistic> statistics) {
  for (Statistic& statistic : statistics) statistic.name = kernel + "_" + statistic.name;
  return statistics;
}

void step_from(const Sampler& kernel, Chains& inner, const BatchView& x, const Stream& random) {
  if (inner.x != x) {
    inner.x = x;
    kernel.refresh(inner);
  }
  kernel.step(inner, random);
}

NestedKernels::NestedKernels(const std::vector<PluginSpec>& specs, const Context& context) {
  Index row = 0;
  for (const PluginSpec& spec : specs) {
    kernels_.push_back(context.sampler(spec));
    const auto namesakes = std::count_if(specs.data(), &spec,
                                         [&](const PluginSpec& s) { return s.name == spec.name; });
    names_.push_back(namesakes == 0 ? spec.name : spec.name + "_" + std::to_string(namesakes + 1));
    first_statistic_.push_back(row);
    row += Index(kernels_.back()->statistics().size());
  }
}

std::vector<Statistic> NestedKernels::statistics() const {
  std::vector<Statistic> all;
  for (std::size_t k = 0; k < kernels_.size(); ++k)
    for (Statistic& statistic : prefixed(names_[k], kernels_[k]->statistics()))
      all.push_back(std::move(statistic));
  return all;
}

bool NestedKernels::are_exact() const {
  return std::all_of(kernels_.begin(), kernels_.end(), [](const auto& k) { return k->is_exact(); });
}

bool NestedKernels::keep_x_alone() const {
  return std::all_of(kernels_.begin(), kernels_.end(),
                     [](const auto& k) { return k->keeps_x_alone(); });
}

bool NestedKernels::are_reversible() const {
  return std::all_of(kernels_.begin(), kernels_.end(),
                     [](const auto& k) { return k->is_reversible(); });
}

void NestedKernels::refresh(Chains& now) const {
  if (now.nested.empty()) {
    for (const auto& kernel : kernels_) now.nested.push_back(kernel->init(now.x));
    return;
  }
  for (std::size_t k = 0; k < kernels_.size(); ++k) {
    now.nested[k].x = now.x;
    kernels_[k]->refresh(now.nested[k]);
  }
}

}  // namespace gibbsite
