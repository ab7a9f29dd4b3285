// The value types that every layer and every plugin shares.
#pragma once

#include <Eigen/Core>

/// Marks what the SDK library exports to plugins; everything else is hidden.
#define GIBBSITE_API __attribute__((visibility("default")))

namespace gibbsite {

#if defined(GIBBSITE_SINGLE)
/// The number type of states, parameters and gradients in this build: float or double.
using Real = float;
#else
/// The number type of states, parameters and gradients in this build: float or double.
using Real = double;
#endif

using Index = Eigen::Index;

/// Configurations, one per column: dim x chains, column-major.
using Batch = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
/// A read-only view of some columns of a Batch, passed as `const BatchView&`.
using BatchView = Eigen::Ref<const Batch>;
using Vector = Eigen::Matrix<Real, Eigen::Dynamic, 1>;

/// One number per chain. Always double: energies and log weights are sums.
using Row = Eigen::Array<double, 1, Eigen::Dynamic>;
/// Several numbers per chain, a row each: quantities x chains.
using Table = Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic>;
/// All parameters θ of a model as one flat vector, blocks one after the other, each row-major.
using Parameters = Eigen::VectorXd;

}  // namespace gibbsite
