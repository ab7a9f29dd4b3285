// Persistent contrastive divergence with Jarzynski weights (Carbone, Hua, Coste & Vanden-Eijnden
// 2023, NeurIPS): training is annealed importance sampling along its own path. Walkers x_n carry
// weights; when θ has moved from θ_{t-1} to θ_t,
//   ln w_n += E_{θ_{t-1}}(x_n) - E_{θ_t}(x_n),
//   g = -mean_data ∂E/∂θ + Σ_n W_n ∂E(x_n)/∂θ,  W_n = w_n / Σ w,  then  x_n ~ K_{θ_t}(x_n, ·).
// K leaves p_{θ_t} invariant, so on a given path of θ, E[w_t] = Z_t / Z_0 exactly, and weighted
// means under p_{θ_t} are consistent however slowly K mixes. A path that follows from the walkers
// makes both consistent only: a step of rate γ against the walkers themselves costs ln Z about
// γ Σ_i Var(∂E/∂θ_i) / N per update, and that adds up. So g is taken before walkers move, not after
// as in the paper: of that loss there is left what K leaves of correlations.
// Walkers start with exact draws of a law whose Z_0 is known: of the model itself, or of
// independent units, from which they are weighed to the model first. Where the effective sample
// size (Σ w)² / Σ w² falls below a share of the walkers they are resampled systematically, and go
// on with equal weights; ln Z keeps what these had gained.
#include <gibbsite/api/annealing.hpp>
#include <gibbsite/api/contrast.hpp>
#include <gibbsite/api/exact_draws.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class JarzynskiPcd final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    Index chains = 100, steps = 1;
    std::string start = "data";
    double resample_below = 0.5;
    PluginSpec sampler;

    void fields(Fields& f) {
      f.count("chains", chains, "number of walkers");
      f.count("steps", steps, "kernel steps of every walker per update");
      f.choice("start", start, {"data", "uniform", "model"},
               "what walkers are first drawn from: independent units with the data's own laws or "
               "uniform (N(0, 1) on real coordinates), or the model where that is possible");
      f.fraction("resample_below", resample_below,
                 "resample where the effective sample size is below this share of the walkers");
      f.plugin("sampler", sampler, Kind::sampler, "the kernel that moves walkers, an exact one");
    }
  };

  JarzynskiPcd(const Params& p, const Context& c)
      : params_(p),
        model_(*c.model),
        workers_(*c.workers),
        contrast_(c, {}),
        sampler_(c.sampler(p.sampler)) {
    if (!sampler_->keeps_x_alone())
      throw Error(c.subject + ": sampler: must leave the law of x exactly as it is, which " +
                  p.sampler.name + " does not");
    if (p.start != "model")
      base_ = annealing_base(p.start, AnnealingParams{}.smoothing, c);
    else if (draw_method(model_).empty() || exact_method(model_).empty())
      throw Error(
          c.subject +
          ": start: model needs exact draws and log Z of the model; data or uniform do not");
  }

  HiddenCoordinates takes() const override { return HiddenCoordinates::means; }
  std::vector<std::string> statistics() const override {
    return {"weight_effective_sample_size", "log_partition", "resampled"};
  }

  Saved init(Stream random) const override {
    Batch x(model_.dim(), params_.chains);
    if (base_ == nullptr)
      ExactDraws(model_).draw(random.split("starts"), x);
    else
      base_->draw(random.split("starts"), x);
    Saved saved{.numbers = std::vector<double>(std::size_t(2 * params_.chains + 1)),
                .chains = {sampler_->init(x)}};
    State now(saved, params_.chains);
    now.energies = energies(saved.chains[0]);
    if (base_ == nullptr) {
      now.log_level = exact_sum(model_, workers_, false).log_partition;
      return saved;
    }
    Row before;
    base_->energy(x, before);
    now.log_weights = before.transpose() - now.energies;
    now.log_level = base_->log_partition(1).value();
    return saved;
  }

  GradientEstimate estimate(const BatchView& data, Saved& saved, Stream random) const override {
    State now(saved, params_.chains);
    Chains& walkers = saved.chains[0];
    reweigh(now, walkers);
    const double total = log_sum_exp(now.log_weights), walking = double(params_.chains);
    if (!std::isfinite(total)) throw Diverged("the weights of the walkers have no finite sum");
    const double size = std::exp(2 * total - log_sum_exp(2 * now.log_weights));
    const double log_partition = now.log_level + total - std::log(walking);
    const bool resample = size < params_.resample_below * walking;
    if (resample) {
      const auto ancestors = systematic_resampling(now.log_weights, random.split("resampling"));
      walkers = select_chains(walkers, ancestors);
      now.energies = Eigen::ArrayXd(now.energies(ancestors));
      now.log_level = log_partition;
      now.log_weights.setZero();
    }
    const Row weights = (now.log_weights - log_sum_exp(now.log_weights)).exp().transpose();
    GradientEstimate result = contrast_.gradient(
        data, params_.chains, [&](Index first, Index count, Contrast::Part& part) {
          Chains moved = columns(walkers, first, count);
          contrast_.add(moved.x, now.energies.segment(first, count).transpose(),
                        weights.segment(first, count), part);
          for (Index k = 0; k < params_.steps; ++k)
            sampler_->step(moved, random.split(std::uint64_t(k)).chains_from(first));
          now.energies.segment(first, count) = energies(moved);
          set_columns(walkers, first, moved);
        });
    ++saved.position;
    result.mean_chain_age = result.max_chain_age = double(saved.position) * double(params_.steps);
    result.statistics = {size, log_partition, resample ? 1. : 0.};
    return result;
  }

 private:
  // Of the walkers: ln w_n since the last resampling, E(x_n) when they last moved; ln Z_0, or what
  // stood for it when they were resampled. The numbers are those of Saved.
  struct State {
    State(Saved& saved, Index n)
        : log_weights(saved.numbers.data(), n),
          energies(saved.numbers.data() + n, n),
          log_level(saved.numbers.back()) {}
    Eigen::Map<Eigen::ArrayXd> log_weights, energies;
    double& log_level;
  };

  Eigen::ArrayXd energies(const Chains& walkers) const {
    Row energy = walkers.energy;
    if (energy.size() == 0) model_.energy(walkers.x, energy);
    return energy.transpose();
  }

  // Brings walkers up to date with θ and gives them their weights; one that has become impossible
  // has none for good.
  void reweigh(State& now, Chains& walkers) const {
    workers_.run(block_count(params_.chains), [&](Index b) {
      const auto [first, count] = block_columns(b, params_.chains);
      Chains some = columns(walkers, first, count);
      sampler_->refresh(some);
      set_columns(walkers, first, some);
      const Eigen::ArrayXd before = now.energies.segment(first, count);
      now.energies.segment(first, count) = energies(some);
      for (Index n = 0; n < count; ++n) {
        double& weight = now.log_weights(first + n);
        if (std::isinf(weight)) continue;
        weight += before(n) - now.energies(first + n);
        if (std::isnan(weight)) throw Diverged("the energy of a walker is not a number");
      }
    });
  }

  Params params_;
  const EnergyModel& model_;
  const Workers& workers_;
  Contrast contrast_;
  std::unique_ptr<Sampler> sampler_;
  std::unique_ptr<Independent> base_;  ///< null where walkers start at draws of the model
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<JarzynskiPcd>(
      "jarzynski_pcd", "persistent particles weighed for the change of parameters, with log Z",
      "Carbone, Hua, Coste & Vanden-Eijnden 2023, NeurIPS, arXiv 2305.19414");
}
