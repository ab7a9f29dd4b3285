// Numbers against numbers: how far apart, and whether by a factor.
#pragma once

#include <string>
#include <vector>

#include "gibbsite/api/energy_model.hpp"

namespace gibbsite {

/// The tolerance for numbers that a build computes in Real: as given in double precision.
double tolerance_of(double in_double, double in_single);

/// The largest of |a - b| / max(1, |b|) over all entries; NaN where one is, or shapes differ.
double distance_of(const Eigen::Ref<const Table>& a, const Eigen::Ref<const Table>& b);
double distance_of_batches(const Batch& a, const Batch& b);

/// Adds a sentence to `wrong` where `got` is further than `tolerance` from `wanted`: by which
/// factor, if it is one, else by how much.
void compare(const std::string& what, const Table& got, const std::string& with,
             const Table& wanted, double tolerance, std::vector<std::string>& wrong);

/// The energies of the columns of x.
Row energies_of(const EnergyModel& model, const BatchView& x);

/// "0.125", four digits.
std::string shown(double value);

}  // namespace gibbsite
