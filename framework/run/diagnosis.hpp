// What is wrong with a result, as far as its numbers tell.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gibbsite {

/// One fault of a result.
struct Finding {
  std::string part;    ///< chains, kernel, training, or `estimates/<label>`
  std::string what;    ///< what is wrong and how bad
  std::string advice;  ///< what to try
};

/// The faults of a results file: chains that do not agree or move (R-hat above 1.01, fewer than 100
/// effective draws per chain) by coordinates, energy, magnetisation
/// or flip rate, energies that a kernel of Hamiltonian paths does not explore (E-BFMI
/// below .3), divergences, trees that end at their limit, acceptance rates and step sizes at their
/// ends or far from what warm-up aimed at, replicas that do not travel, estimates that call
/// themselves unreliable or whose weights or gap do, and training that diverged, whose gradients
/// grow or whose particles are young (findings.hpp). Throws StorageError where the file cannot be
/// read.
std::vector<Finding> diagnose(const std::filesystem::path& result);

}  // namespace gibbsite
