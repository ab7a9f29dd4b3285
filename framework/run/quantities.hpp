// What chains are judged and plotted by: numbers of every draw.
#pragma once

#include <string>
#include <vector>

#include "gibbsite/core/types.hpp"
#include "gibbsite/io/hdf5.hpp"

namespace gibbsite {

/// A number of every draw: draws x chains.
struct Quantity {
  std::string name;
  bool is_real;  ///< of a coordinate in a real space, whose chains should all move
  Eigen::ArrayXXd values;
};

/// A variable of the group sample_stats as draws x chains.
Eigen::ArrayXXd statistic_of(const Hdf5Reader& file, const std::string& name);

/// Where mode trapping shows first: the energy; the mean over several coordinates, called
/// magnetisation where these are discrete; and of discrete ones the flip rate, the share that
/// changed since the draw before.
std::vector<Quantity> functionals_of(const Hdf5Reader& file);

/// The first coordinates that vary, at most `count`, looked for among the first 64.
std::vector<Quantity> coordinates_of(const Hdf5Reader& file, std::size_t count);

}  // namespace gibbsite
