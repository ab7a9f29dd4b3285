// Derivatives in x of ∂E/∂θ, and second derivatives of E, along directions: what score matching
// needs of a model beyond its gradient.
#pragma once

#include <functional>

#include "gibbsite/api/context.hpp"

namespace gibbsite {

/// The parameter of finite differences, declared in the params of an estimator.
struct GIBBSITE_API DifferenceParams {
  double length_scale = 1;
  void fields(Fields& f);
};

/// Derivatives along unit vectors u by central differences of five points (Abramowitz & Stegun
/// 1964, 25.3.6 and 25.3.24),
///   D_u g(x) = [g(x - 2hu) - 8 g(x - hu) + 8 g(x + hu) - g(x + 2hu)] / 12h + h⁴ D⁵_u g / 30,
///   D²_u g(x) = [-g(x ± 2hu) + 16 g(x ± hu) - 30 g(x)] / 12h² + h⁴ D⁶_u g / 90,
/// h = ε^{1/6} · length_scale with ε that of Real: .0025 in double, .07 in single precision. Where
/// g is of order 1 and varies over lengths of order length_scale, these errors and those of
/// rounding, 1.5 ε/h and 5.3 ε/h², are at most some 2e-10 in double and 1e-4 in single precision.
/// Along a kink of g (relu) nothing can be said.
class GIBBSITE_API DirectionalDerivatives {
 public:
  /// Throws Error, beginning with the context's subject, where the model has no gradient, no
  /// parameters, or a coordinate that is not real.
  DirectionalDerivatives(const DifferenceParams& params, const Context& c);

  /// u_jᵀ ∇²E(x) u_j for each column u_j of `directions` (dim x directions), as D_u (u·∇E): four
  /// gradients each.
  Eigen::ArrayXd curvatures(const Eigen::Ref<const Vector>& x, const BatchView& directions) const;
  /// out += Σ_j (first_j D_{u_j} + second_j D²_{u_j}) ∂E(x)/∂θ: four parameter gradients each, and
  /// one more for all.
  void add(const Eigen::Ref<const Vector>& x, const BatchView& directions,
           const Eigen::Ref<const Eigen::ArrayXd>& first,
           const Eigen::Ref<const Eigen::ArrayXd>& second, Parameters& out) const;
  /// out += factor · r·∇_x ∂E(x)/∂θ for any vector r; nothing where r = 0.
  void add_along(const Eigen::Ref<const Vector>& x, const Eigen::Ref<const Vector>& r,
                 double factor, Parameters& out) const;

  const Differentiable& differentiable() const { return differentiable_; }
  const Parametric& parametric() const { return parametric_; }

 private:
  Batch points(const Eigen::Ref<const Vector>& x, const BatchView& directions) const;

  const Differentiable& differentiable_;
  const Parametric& parametric_;
  double step_;
};

/// Adds the terms of observation n, at which ∇E is `gradient`, to `objective` and their gradients
/// by θ to `ascent`, both of which begin at 0.
using AddObservation = std::function<void(Index n, const Eigen::Ref<const Vector>& x,
                                          const Eigen::Ref<const Vector>& gradient,
                                          double& objective, Parameters& ascent)>;
/// The sum of what `one` finds for every column of `x`, in blocks over the workers. Throws Diverged
/// where a gradient is not finite.
GIBBSITE_API GradientEstimate sum_over_scores(const BatchView& x,
                                              const DirectionalDerivatives& derivatives,
                                              const Workers& workers, const AddObservation& one);

}  // namespace gibbsite
