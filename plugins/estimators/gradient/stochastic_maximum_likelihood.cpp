// Stochastic maximum likelihood (Younes 1989, Probab. Theory Relat. Fields 82:625):
//   g = -mean_data ∂E/∂θ + (1/S) Σ_s ∂E(x_s)/∂θ,  x_1 … x_S from any sampler of the model:
// `chains` chains make `burn_in` steps, then `draws` draws `thin` steps apart, S = chains · draws.
// Independent draws (`exact`, `perfect`) make g unbiased; chains do so in the limit of burn_in. The
// samples are held fixed: no derivative of E through x is taken, so that g is the gradient of
// ln Z's estimate and not that of mean E(x_s), which differs from it by a covariance.
// With Var the variance of one sample, the error of the second term has the variance Var / S where
// samples are independent; `gradient_variance` is its sum over all parameters, Σ_i Var(∂E/∂θ_i).
// Step sizes stay as the spec gives them: kernels do not adapt while θ moves.
#include <gibbsite/api/contrast.hpp>
#include <gibbsite/api/particles.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class StochasticMaximumLikelihood final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    Index draws = 1, burn_in = 1, thin = 1;
    ParticleParams chains;
    bool gradient_variance = false;
    PluginSpec sampler;

    void fields(Fields& f) {
      chains.chain_fields(f);
      f.count("draws", draws, "draws that each chain gives per update");
      f.count("burn_in", burn_in, "kernel steps of an update before the first draw");
      f.count("thin", thin, "kernel steps between two draws");
      f.flag("gradient_variance", gradient_variance,
             "record Σ_i Var(∂E/∂θ_i) over the draws, which takes the gradient of every one alone");
      f.plugin("sampler", sampler, Kind::sampler, "the sampler that makes the draws");
    }
  };

  StochasticMaximumLikelihood(const Params& p, const Context& c)
      : params_(p),
        model_(*c.model),
        contrast_(c, {}),
        sampler_(c.sampler(p.sampler)),
        chains_(p.chains, c, *sampler_) {}

  HiddenCoordinates takes() const override { return HiddenCoordinates::means; }
  std::vector<std::string> statistics() const override {
    std::vector<std::string> names = chains_.statistics();
    names.emplace_back("energy_variance");
    if (params_.gradient_variance) names.emplace_back("gradient_variance");
    return names;
  }

  Saved init(Stream random) const override { return chains_.init(random); }

  GradientEstimate estimate(const BatchView& data, Saved& saved, Stream random) const override {
    const Index chains = chains_.count(data.cols());
    const std::vector<Index> chosen = chains_.choose(saved, random);
    Table energies(params_.draws, chains);
    std::vector<Spread> spreads(std::size_t(block_count(chains)));
    GradientEstimate result =
        contrast_.gradient(data, chains, [&](Index first, Index count, Contrast::Part& part) {
          Chains now = chains_.begin(data, saved, chosen, first, count, random);
          const Row weights = Row::Constant(count, 1 / double(energies.size()));
          Index made = 0;
          for (Index draw = 0; draw < params_.draws; ++draw) {
            for (const Index until = params_.burn_in + draw * params_.thin; made < until; ++made)
              sampler_->step(now, random.split(std::uint64_t(made)).chains_from(first));
            Row energy = now.energy;
            if (energy.size() != count) model_.energy(now.x, energy);
            energies.row(draw).segment(first, count) = energy;
            contrast_.add(now.x, energy, weights, part);
            if (params_.gradient_variance)
              spreads[std::size_t(first / block_width(chains))].add(contrast_.parametric(), now.x);
          }
          chains_.keep(saved, chosen, first, now);
        });
    const Index steps = params_.burn_in + (params_.draws - 1) * params_.thin;
    chains_.grow_older(saved, chosen, steps, result);
    Moments energy;
    for (const double value : energies.reshaped()) energy.add(value);
    result.statistics.push_back(energy.variance());
    if (params_.gradient_variance)
      result.statistics.push_back(variance(spreads, double(energies.size())));
    return result;
  }

 private:
  // Σ g_n and Σ |g_n|² of the gradients of single samples.
  struct Spread {
    Parameters sum;
    double squares = 0;

    void add(const Parametric& parametric, const BatchView& x) {
      for (Index n = 0; n < x.cols(); ++n) {
        Parameters one = Parameters::Zero(parametric.parameters().size());
        parametric.parameter_gradient(x.col(n), Row::Ones(1), one);
        squares += one.squaredNorm();
        if (sum.size() == 0) sum.setZero(one.size());
        sum += one;
      }
    }
  };

  static double variance(const std::vector<Spread>& spreads, double samples) {
    Parameters sum = Parameters::Zero(spreads[0].sum.size());
    double squares = 0;
    for (const Spread& spread : spreads) {
      sum += spread.sum;
      squares += spread.squares;
    }
    return (squares - sum.squaredNorm() / samples) / (samples - 1);
  }

  Params params_;
  const EnergyModel& model_;
  Contrast contrast_;
  std::unique_ptr<Sampler> sampler_;
  Particles chains_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<StochasticMaximumLikelihood>(
      "stochastic_maximum_likelihood",
      "likelihood gradient by draws from any sampler, unbiased where these are exact",
      "Younes 1989, Probability Theory and Related Fields 82:625-645");
}
