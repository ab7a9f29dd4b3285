// Lists of evaluations: the evaluate section, and those scheduled during training.
#pragma once

#include "gibbsite/run/section_tools.hpp"

namespace gibbsite {

/// One evaluation, built.
struct EvaluateStage {
  std::string label;
  std::string name;
  std::unique_ptr<Evaluation> evaluation;
  Index every = 0;  ///< updates between two of a scheduled one
};

/// The entries of `list`, whose place in the spec is `path`; scheduled ones take `every` too.
/// `resolved` becomes the list with every default.
std::vector<EvaluateStage> read_evaluations(const Node& list, const std::string& path,
                                            bool scheduled, const SectionTools& tools,
                                            Node& resolved);

}  // namespace gibbsite
