// What models with layers of units share: weights between two layers, and sums over chains.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "gibbsite/api/energy_model.hpp"

namespace gibbsite {

/// Weights W (left x right) of an interaction -xᵀW y. W is kept both ways, so that the input to
/// either layer is a sum of whole columns in which units at 0 cost nothing. The numbers of a column
/// do not depend on its batch.
class GIBBSITE_API Coupling {
 public:
  /// All weights 0.
  Coupling(Index left, Index right);
  /// Independent weights N(0, scale²); moves `random` on.
  static Coupling normal(Index left, Index right, double scale, Stream& random);

  Index left() const { return by_right_.rows(); }
  Index right() const { return by_left_.rows(); }
  Index size() const { return by_left_.size(); }
  /// W, row by row.
  Parameters weights() const;
  /// Takes size() numbers, row by row.
  void set_weights(const Eigen::Ref<const Parameters>& weights);
  /// W(i, :), a column vector.
  auto row(Index i) const { return by_left_.col(i); }
  /// W(:, j), a column vector.
  auto column(Index j) const { return by_right_.col(j); }

  /// bias + Wᵀx; x: left x chains, result: right x chains.
  Batch to_right(const Vector& bias, const BatchView& x) const;
  /// bias + W y; y: right x chains, result: left x chains.
  Batch to_left(const Vector& bias, const BatchView& y) const;
  /// out += Wᵀx.
  void add_to_right(const BatchView& x, Eigen::Ref<Batch> out) const;
  /// out += W y.
  void add_to_left(const BatchView& y, Eigen::Ref<Batch> out) const;
  /// Σ_j ln(1 + e^{η_j}) with x_i = 1 minus the same with x_i = 0, per chain, where `input` holds
  /// the input η (right x chains) that goes with x: what binary right units, summed out, add to
  /// the log odds of the binary left unit i.
  Row softplus_odds(Index i, const BatchView& x, Batch input) const;

 private:
  Batch by_left_;   ///< Wᵀ: column i is row i of W
  Batch by_right_;  ///< W
};

/// The parameters θ of a model as couplings and vectors that it keeps as members: what a
/// Parametric has to answer, written once. The members must outlive the list and stay in place.
class GIBBSITE_API ParameterList {
 public:
  /// `model` is what messages call the model. Blocks stand in θ in the order in which they were
  /// added; `shape` is that of the member where it is left empty.
  explicit ParameterList(std::string model) : model_(std::move(model)) {}
  void add(std::string name, std::vector<std::string> dimensions, Coupling& weights,
           std::vector<Index> shape = {});
  void add(std::string name, std::vector<std::string> dimensions, Vector& vector,
           std::vector<Index> shape = {});

  const std::vector<ParameterBlock>& blocks() const { return blocks_; }
  Parameters parameters() const;
  /// Throws Error naming a block of `theta` that is not finite, and then changes nothing.
  void set(const Parameters& theta) const;

 private:
  std::string model_;
  std::vector<ParameterBlock> blocks_;
  std::vector<std::variant<Coupling*, Vector*>> members_;
};

/// Adds Σ_n w_n ∂E(x_n)/∂θ to `out`, block by block in the order of θ: each call is one block and
/// columns n are chains. `out` and `weights` must outlive the object.
class GIBBSITE_API GradientSum {
 public:
  GradientSum(const Row& weights, Parameters& out) : weights_(weights), out_(out) {}
  /// The block W of an energy -xᵀW y: out -= Σ_n w_n x_n y_nᵀ, row by row.
  GradientSum& products(const BatchView& x, const BatchView& y);
  /// The block b of an energy -bᵀx: out -= Σ_n w_n x_n.
  GradientSum& sums(const BatchView& x);

 private:
  const Row& weights_;
  Parameters& out_;
  Index at_ = 0;
};

/// bᵀx of each column, in double.
GIBBSITE_API Row inner_products(const Vector& b, const BatchView& x);
/// Probabilities of categorical units of `levels` states each from their log weights, which stand
/// one unit after the other as in domain.hpp; same shape.
GIBBSITE_API Batch category_probabilities(const BatchView& natural, Index levels);
/// The same of units in known states: 1 for the state in `x` (units x chains), 0 for the others.
GIBBSITE_API Batch category_indicators(const BatchView& x, Index levels);
/// Throws Error where the square matrix `W` (row by row) has a diagonal entry that is not 0, or
/// entries that differ from their mirror images by more than rounding. `name` is what the message
/// calls the matrix: "semi_restricted: L".
GIBBSITE_API void require_symmetric(const std::string& name, const Eigen::Ref<const Parameters>& W);

/// The one coordinate in `sites`; throws Error where there are more, for a model whose coordinates
/// all depend on each other.
GIBBSITE_API Index single_site(std::span<const Index> sites, const std::string& model);

}  // namespace gibbsite
