// Annealing between a base law and the model: what estimators along a path of temperatures share.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gibbsite/api/averages.hpp"
#include "gibbsite/api/compose.hpp"

namespace gibbsite {

/// The fields that annealing estimators share.
struct GIBBSITE_API AnnealingParams {
  Index temperatures = 1000;
  Index steps = 1;
  std::string schedule = "linear";
  Index pilot = 100;
  std::string base = "uniform";
  double smoothing = 500. / 60000;
  PluginSpec base_model, sampler;

  void fields(Fields& f);
};

/// Independent units to start from: `uniform`, or `data`, their laws in the training data with
/// `smoothing` pseudo-counts of each state per row. Throws Error where there are no such data.
GIBBSITE_API std::unique_ptr<Independent> annealing_base(const std::string& base, double smoothing,
                                                         const Context& context);

/// The geometric path E_β = (1-β) E_base + β E from a base that can be drawn from and whose ln Z is
/// known (β = 0) to the model (β = 1), with a Markov kernel K_β for every β on it. Outlived by the
/// context's model, workers and registry.
class GIBBSITE_API Annealing {
 public:
  enum class Kernels { any, reversible };

  /// Throws Error where there is no model, the base has no known ln Z or exact draws, the path has
  /// no finite ln Z at β = 0, or the kernel is not as asked.
  Annealing(const AnnealingParams& params, const Context& context, Kernels kernels = Kernels::any);

  /// What one block of chains has for itself: the path standing at one β, and a kernel bound to it.
  class GIBBSITE_API Walker {
   public:
    explicit Walker(const Annealing& of);
    Walker(const Walker&) = delete;  // the kernel is bound to the path in here
    Walker& operator=(const Walker&) = delete;
    /// Chains at `x` (dim x chains), ready to move.
    Chains init(Batch x) const { return kernel_->init(std::move(x)); }
    /// E_from(x) - E_to(x), the logarithm of the weight of that change of β, per chain. Throws
    /// Diverged where it is NaN.
    Row log_weight(const BatchView& x, double from, double to) const;
    /// dE_β(x)/dβ, per chain. Throws Diverged where it is NaN.
    Row slope(const BatchView& x, double beta) const;
    /// K_β, as many times as the spec says; `random` stands at this move and at the first chain.
    void move(Chains& now, double beta, Stream random);
    const Sampler& kernel() const { return *kernel_; }

   private:
    friend class Annealing;
    const Annealing& of_;
    WeightedSum path_;
    std::unique_ptr<Sampler> kernel_;
  };

  /// A ladder of β that chains are led along and weighed on the way:
  ///   ln w += E_{b_{k-1}}(x_{k-1}) - E_{b_k}(x_{k-1}),  x_k ~ K_{b_k}(· | x_{k-1}),  k = 1 … n,
  /// without the last move, which would change no weight.
  struct Leg {
    std::vector<double> ladder;    ///< b_0 … b_n
    std::function<Batch()> start;  ///< x_0, dim x chains
    bool moves_first = false;      ///< x_0 is moved by K_{b_0} before it is weighed
    Index chains = 1;
    Index first_number = 0;            ///< where Saved::numbers has the chains' log weights
    std::uint64_t first_position = 0;  ///< Saved::position where the leg begins; it ends n later
    std::uint64_t last_position = 1;   ///< where the last leg of the computation ends
  };
  /// Goes on with `leg` from where `input.saved` stands, to its end; saved at every hundredth of
  /// it. Results depend neither on threads nor on interruptions. Returns the log weights.
  Eigen::ArrayXd run(const Leg& leg, const Evaluation::Input& input, const Stream& moves) const;
  /// The leg from the base to the model, chains starting at exact draws.
  Leg upwards(const std::vector<double>& ladder, Index chains, const Stream& start) const;

  /// β_0 = 0 … β_T = 1. An adaptive one is that of a pilot (Zhou, Johansen & Aston 2016, JCGS
  /// 25:701-726): resampled particles step to the β where the conditional effective sample size
  /// (Σu)²/Σu² of the weights u is .9 of their number; the T steps then have equal shares of
  /// the length Σ √(N/CESS - 1) that the pilot has found. It depends on `random` alone, not on the
  /// chains that use it, which keeps E[w] exact.
  std::vector<double> ladder(Stream random, Desk& desk) const;
  bool has_pilot() const { return params_.schedule == "adaptive"; }
  /// ln ∫ e^{-E_0}. On a latent path the hidden units, free at β = 0, add a constant to the base's.
  double log_partition_at_0() const { return log_z0_; }
  /// Why weights are not unbiased; empty where they are.
  const std::string& caveat() const { return caveat_; }
  const Context& context() const { return context_; }

 private:
  std::vector<double> pilot_ladder(Stream random, Desk& desk) const;

  AnnealingParams params_;
  Context context_;
  std::unique_ptr<EnergyModel> base_;
  double log_z0_ = 0;
  std::string caveat_;
};

/// Chains `ancestors` of `chains`, in this order.
GIBBSITE_API Chains select_chains(const Chains& chains, const std::vector<Index>& ancestors);

/// Ancestors of n particles with n log weights by systematic resampling: particle j is chosen n W_j
/// times on average, never less than ⌊n W_j⌋ nor more than ⌈n W_j⌉ times (Carpenter, Clifford &
/// Fearnhead 1999, IEE Proc. Radar 146:2-7). Takes one draw of the first chain of `random`.
GIBBSITE_API std::vector<Index> systematic_resampling(
    const Eigen::Ref<const Eigen::ArrayXd>& log_weights, Stream random);

/// Weights a with Σ a_t y_t ≈ ∫ y dx through points at increasing x: straight lines.
GIBBSITE_API Eigen::ArrayXd trapezoid_weights(const Eigen::Ref<const Eigen::ArrayXd>& x);
/// Likewise parabolas through successive triples (Simpson's rule for unequal steps); with an odd
/// number of steps the last one takes the parabola through the last three points.
GIBBSITE_API Eigen::ArrayXd simpson_weights(const Eigen::Ref<const Eigen::ArrayXd>& x);

}  // namespace gibbsite
