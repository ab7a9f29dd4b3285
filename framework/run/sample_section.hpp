// The sample section.
#pragma once

#include "gibbsite/api/compose.hpp"
#include "gibbsite/run/data.hpp"
#include "gibbsite/run/section_tools.hpp"
#include "gibbsite/run/sections.hpp"

namespace gibbsite {

/// The sample section, built.
struct SampleStage {
  std::unique_ptr<Clamped> clamped;  ///< null where nothing is clamped
  std::unique_ptr<Sampler> sampler;
  SampleParams params;
  InitParams init;
  std::unique_ptr<Dataset> starts;  ///< of init from a csv file, else null
  std::unique_ptr<Data> other;      ///< of init from data other than the spec's, else null
  bool record_x = true, record_energy = true;
};

/// Reads and builds it; null where there are faults. `resolved` becomes the section with every
/// default.
std::unique_ptr<SampleStage> build_sample_section(const Node& node, const SectionTools& tools,
                                                  Node& resolved);

}  // namespace gibbsite
