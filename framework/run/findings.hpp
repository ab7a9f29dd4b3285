// The parts of a diagnosis that look at training and at estimates.
#pragma once

#include "gibbsite/io/hdf5.hpp"
#include "gibbsite/run/diagnosis.hpp"

namespace gibbsite {

/// Training that diverged, gradients that are not finite or whose median norm has grown tenfold,
/// and particles meant to last that are less than 100 kernel steps old on average at the end.
std::vector<Finding> training_findings(const Hdf5Reader& file);

/// What an estimate in `group` says against itself; of one that says nothing, weights that are
/// worth less than a tenth of their number, one weight with more than .3 of all, a Pareto shape
/// above .7, and a gap between forward and reverse estimates above 1 nat.
std::vector<Finding> estimate_findings(const Hdf5Reader& file, const std::string& group);

/// Four digits: enough to judge by.
std::string judged_digits(double value);

}  // namespace gibbsite
