// Diffusion recovery likelihood (Gao, Song, Poole, Wu & Kingma 2021): a model with a ladder of
// noise levels (noise_conditional) learns, at every level t, to recover y_t from x_{t+1},
//   x_{t+1} = √(1 - σ²_{t+1}) x_t + σ_{t+1} ε,  y_t = √(1 - σ²_{t+1}) x_t,
//   p_θ(y | x_{t+1}) ∝ exp(-E_t(y) - |x_{t+1} - y|²/(2σ²_{t+1})),
// a law so narrow that short chains from y = x_{t+1} draw from it. Each observation of an update
// takes one level, all alike likely, and one draw of the noise; with ỹ after K kernel steps
//   g = -mean ∂E_t(y_t)/∂θ + mean ∂E_t(ỹ)/∂θ,
// the gradient of the mean of ln p_θ(y_t | x_{t+1}) but for what K steps leave of the start. At its
// maximum e^{-E_t} is the law of y_t. Kernels move (y - x_{t+1})/σ_{t+1} (api/recovery.hpp), so
// that step sizes are in units of σ; b² = 2e-4 and K = 30 of the paper are ula's step_size and
// steps. The sampler of this name draws from what has been learnt.
#include <cmath>
#include <gibbsite/api/batch_sums.hpp>
#include <gibbsite/api/recovery.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class DiffusionRecovery final : public GradientEstimator {
 public:
  using Needs = Abilities<NoiseLevels, Parametric>;
  struct Params {
    Index steps = 30;
    bool energy_gap = true;
    PluginSpec sampler;

    void fields(Fields& f) {
      f.count("steps", steps, "kernel steps K of every chain");
      f.flag("energy_gap", energy_gap,
             "monitor mean E_t(y_t) - mean E_t(ỹ), at two energies per observation");
      f.plugin("sampler", sampler, Kind::sampler,
               "the Markov kernel, of (y - x)/σ; usually unadjusted Langevin");
    }
  };

  DiffusionRecovery(const Params& p, const Context& c)
      : params_(p),
        parametric_(c.require<Parametric>()),
        recovery_(p.sampler, c),
        workers_(*c.workers) {}

  GradientEstimate estimate(const BatchView& data, Saved&, Stream random) const override {
    const std::vector<double>& noise = recovery_.levels().noise();
    const auto levels = random.split("level").below(Index(noise.size()), data.cols());
    Batch y(data.rows(), data.cols()), x(data.rows(), data.cols());
    Stream of_y = random.split("y"), of_x = random.split("x");
    of_y.normal(y);
    of_x.normal(x);
    for (Index n = 0; n < data.cols(); ++n) {
      double kept = 1;  // of the variance of x_0 in x_t
      for (Index t = 0; t < levels(n); ++t)
        kept *= 1 - noise[std::size_t(t)] * noise[std::size_t(t)];
      const double sigma = noise[std::size_t(levels(n))], share = std::sqrt(1 - sigma * sigma);
      y.col(n) = Real(share * std::sqrt(kept)) * data.col(n) +
                 Real(share * std::sqrt(1 - kept)) * y.col(n);
      x.col(n) = y.col(n) + Real(sigma) * x.col(n);
    }
    const std::span<const Index> at(levels.data(), std::size_t(data.cols()));
    GradientEstimate result = sum_over_blocks(
        data.cols(), parametric_, workers_,
        [&](Index first, Index count, double& gap, Parameters& ascent) {
          const auto own = at.subspan(std::size_t(first), std::size_t(count));
          const Batch found = recovery_.recover(x.middleCols(first, count), own, params_.steps,
                                                random.split("chains").chains_from(first));
          for (Index n = 0; n < count; ++n) {
            gap += add(own[std::size_t(n)], y.col(first + n), -1 / double(data.cols()), ascent);
            gap += add(own[std::size_t(n)], found.col(n), 1 / double(data.cols()), ascent);
          }
        });
    if (params_.energy_gap) result.energy_gap = -result.objective;
    result.objective = std::numeric_limits<double>::quiet_NaN();
    result.mean_chain_age = result.max_chain_age = double(params_.steps);
    return result;
  }

 private:
  // Adds weight ∂E_level(y)/∂θ, and returns weight E_level(y) where it is monitored.
  double add(Index level, const BatchView& y, double weight, Parameters& ascent) const {
    const NoiseLevels& model = recovery_.levels();
    model.parameter_gradient_at(level, y, Row::Constant(1, weight), ascent);
    if (!params_.energy_gap) return 0;
    Row energy;
    model.energy_at(level, y, energy);
    return weight * energy(0);
  }

  Params params_;
  const Parametric& parametric_;
  Recovery recovery_;
  const Workers& workers_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<DiffusionRecovery>(
      "diffusion_recovery", "likelihood of data given noisier data, over a ladder of noise levels",
      "Gao, Song, Poole, Wu & Kingma 2021, ICLR, arXiv:2012.08125");
}
