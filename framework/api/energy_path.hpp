// The path of temperatures from independent units, or a flat law, to a model, and a kernel that can
// be set to any point of it: what tempering and annealing kernels share.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "gibbsite/api/compose.hpp"
#include "gibbsite/api/context.hpp"

namespace gibbsite {

/// Inverse temperatures 1 = β_1 > … > β_K >= 0.
struct GIBBSITE_API Ladder {
  std::optional<Index> temperatures = {};  ///< K, 8 unless given
  std::optional<double> lowest = {};       ///< β_K, .1 unless given
  std::vector<double> ladder = {};         ///< explicit β, in place of the two above

  void fields(Fields& f);
  /// The β_k. Throws Error where an explicit ladder has others beside it, does not fall from 1, or
  /// ends at 0 where the
  /// path is not normalised there (`proper_at_0` false).
  std::vector<double> resolve(const std::string& subject, bool proper_at_0) const;
  /// The ladder between the same ends that makes all neighbours reject alike (Syed et al. 2022, J.
  /// R. Stat. Soc. B 84:321, algorithm 2): `rejection(k)`, K - 1 of them, are those of the
  /// exchanges of β_k and β_{k+1}; β as a function of their running sum Λ, linear between its
  /// points, is read at equal steps of Λ. Rates below .001 count as .001.
  static Eigen::ArrayXd equalised(const Eigen::ArrayXd& betas, const Eigen::ArrayXd& rejection);
};

/// E_β = β E, or (1-β) E_base + β E with independent units as the base, on which weights act as
/// they do in WeightedSum: a latent model is tempered in its joint energy. Immutable, and safe from
/// several threads at once: energies whose weights are set belong to one Walk at a time, and are
/// built (under a lock) when more of them are needed than ever before.
class GIBBSITE_API EnergyPath {
 public:
  struct GIBBSITE_API Params {
    std::string base = "none";
    double smoothing = 500. / 60000;  ///< as in annealed importance sampling
    PluginSpec sampler = {};

    /// `bases` are those that may be chosen, of none, uniform and data.
    void fields(Fields& f, std::vector<std::string> bases = {"none", "uniform", "data"});
  };
  /// Throws Error where the kernel does not suit the path, or `base: data` lacks data.
  EnergyPath(const Params& params, const Context& context);
  ~EnergyPath();

  /// Whether e^{-E_0} has a finite sum whatever the model is.
  bool proper_at_0() const;
  /// The independent units at β = 0, or null.
  const Independent* base() const { return base_.get(); }
  /// ln Z at β = 0; needs a base. (A latent path leaves the hidden units free there.)
  double log_partition_at_0() const;
  bool is_exact() const { return target_kernel_->is_exact(); }
  /// Throws Error unless the kernel is reversible.
  void require_reversible(const std::string& subject) const;
  /// The statistics of the kernel, prefixed by its name.
  std::vector<Statistic> statistics() const;

  struct Station;

  /// The path for one caller, for as long as the object lives.
  class GIBBSITE_API Walk {
   public:
    explicit Walk(const EnergyPath& path);
    ~Walk();
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;

    /// The kernel at β; one got before is at this β from now on too, unless its β was 1.
    const Sampler& kernel(double beta);
    /// Moves `inner` from `x` by one step at β, with nothing cached taken over.
    void move(double beta, Chains& inner, const Batch& x, const Stream& random);
    /// E_from(x) - E_to(x), 1 x chains.
    Row difference(const BatchView& x, double from, double to) const;
    /// Likewise with β of each chain's own.
    Row difference(const BatchView& x, const Row& from, const Row& to) const;
    /// Calls action(kernel at β, states, number of their first chain): for all chains of `inner` at
    /// once where they share β, else for one after the other.
    using Action = std::function<void(const Sampler& kernel, Chains& inner, Index first)>;
    void each(const Row& beta, Chains& inner, const Action& action);

   private:
    const EnergyPath& path_;
    std::unique_ptr<Station> station_;
  };

 private:
  std::unique_ptr<Station> build() const;

  Params params_;
  Context context_;
  std::unique_ptr<Independent> base_;
  std::unique_ptr<Sampler> target_kernel_;  ///< at β = 1, bound to the model itself
  mutable std::mutex lock_;
  mutable std::vector<std::unique_ptr<Station>> idle_;
};

}  // namespace gibbsite
