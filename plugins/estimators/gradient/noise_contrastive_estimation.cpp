// Noise-contrastive estimation (Gutmann & Hyvärinen 2012): data are told from ν times as many draws
// of a noise law q by the logit u(x) = -E(x) - ln Z - ln q(x) - ln ν,
//   J = mean_data ln σ(u) + ν mean_noise ln(1 - σ(u)),
//   dJ/dθ = -mean_data (1 - σ(u)) ∂E/∂θ + ν mean_noise σ(u) ∂E/∂θ.
// ln Z is a parameter of J like any other. Unless it is given it is the one that makes J largest
// for the draws at hand, where as many draws are taken for data as there are data,
//   Σ_data σ(u) + Σ_noise σ(u) = number of data;
// J is then a function of θ alone, whose gradient is the above. As each update has an ln Z of its
// own, updates should see many observations. The noise keeps the law that it has when this is
// built.
#include <boost/math/tools/toms748_solve.hpp>
#include <cmath>
#include <gibbsite/api/batch_sums.hpp>
#include <gibbsite/api/exact_draws.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class NoiseContrastiveEstimation final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    PluginSpec noise;
    Index noise_ratio = 1;
    std::optional<double> log_partition;

    void fields(Fields& f) {
      f.plugin("noise", noise, Kind::model,
               "the law q of the noise; needs a known log Z and exact draws",
               {.unset = "independent coordinates with the rates, or means and variances, of the "
                         "training data"});
      f.count("noise_ratio", noise_ratio, "draws ν of the noise per observation");
      f.real("log_partition", log_partition, "ln Z of the model, if it is to stay fixed",
             {.unset = "solved for at every update"});
    }
  };

  NoiseContrastiveEstimation(const Params& p, const Context& c)
      : ratio_(p.noise_ratio),
        log_partition_(p.log_partition),
        model_(*c.model),
        parametric_(c.require<Parametric>()),
        workers_(*c.workers) {
    const Domain& domain = model_.domain();
    if (p.noise)
      noise_ = c.energy_model(p.noise);
    else
      noise_.reset(new Independent(Independent::from_data(domain, c.require_train(), 1)));
    if (noise_->domain() != domain)
      throw Error(c.subject + ": noise: must be on " + domain.text() + ", got " +
                  noise_->domain().text());
    if (exact_method(*noise_).empty() || draw_method(*noise_).empty())
      throw Error(c.subject + ": noise: must have a known log Z and exact draws");
    noise_log_z_ = exact_sum(*noise_, workers_, false).log_partition;
    draws_ = std::make_unique<ExactDraws>(*noise_);
  }

  std::vector<std::string> statistics() const override { return {"log_partition", "accuracy"}; }

  GradientEstimate estimate(const BatchView& data, Saved&, Stream random) const override {
    const Index observations = data.cols();
    Batch noise(data.rows(), ratio_ * observations);
    draws_->draw(random.split("noise"), noise);
    const Row a = logits_but_log_z(data), b = logits_but_log_z(noise);
    if (!a.isFinite().all())
      throw Diverged("an observation has probability 0 under the model or the noise");
    if (!(b > -infinity).any() || !(b < infinity).all())
      throw Diverged("the energies of the draws of the noise are all +inf, or one is -inf");
    const double log_z = log_partition_ ? *log_partition_ : solve(a, b);
    // ν mean_noise is Σ_noise / observations as well.
    const double scale = 1 / double(observations);
    GradientEstimate result{.ascent = Parameters::Zero(parametric_.parameters().size())};
    result.objective = 0;
    Row of_data(a.size()), of_noise(b.size());
    for (Index n = 0; n < a.size(); ++n) {
      result.objective -= scale * softplus(log_z - a(n));
      of_data(n) = -scale * sigmoid(log_z - a(n));
    }
    for (Index n = 0; n < b.size(); ++n) {
      result.objective -= scale * softplus(b(n) - log_z);
      of_noise(n) = scale * sigmoid(b(n) - log_z);
    }
    add_weighted_gradient(parametric_, data, of_data, workers_, result.ascent);
    add_weighted_gradient(parametric_, noise, of_noise, workers_, result.ascent);
    const double right = double((a > log_z).count() + (b < log_z).count());
    result.statistics = {log_z, right / double(a.size() + b.size())};
    return result;
  }

 private:
  static constexpr double infinity = std::numeric_limits<double>::infinity();

  // u + ln Z.
  Row logits_but_log_z(const BatchView& x) const {
    return energies(*noise_, x, workers_) + noise_log_z_ - energies(model_, x, workers_) -
           std::log(double(ratio_));
  }

  // The ln Z at which Σ_data (1 - σ(u)) = Σ_noise σ(u). At both ends of the bracket one side is at
  // most e^{-40}, the other at least 1/2.
  static double solve(const Row& a, const Row& b) {
    const auto excess = [&](double log_z) {
      double sum = 0;
      for (const double u : a) sum += sigmoid(log_z - u);
      for (const double u : b) sum -= sigmoid(u - log_z);
      return sum;
    };
    const double margin = 40 + std::log(double(a.size() + b.size()));
    double least = a.minCoeff();
    for (const double u : b)
      if (u > -infinity) least = std::min(least, u);
    const double low = least - margin, high = std::max(a.maxCoeff(), b.maxCoeff()) + margin;
    std::uintmax_t most = 200;
    const auto found = boost::math::tools::toms748_solve(
        excess, low, high, boost::math::tools::eps_tolerance<double>(52), most);
    return 0.5 * (found.first + found.second);
  }

  Index ratio_;
  std::optional<double> log_partition_;
  const EnergyModel& model_;
  const Parametric& parametric_;
  const Workers& workers_;
  std::unique_ptr<EnergyModel> noise_;
  double noise_log_z_ = 0;
  std::unique_ptr<const ExactDraws> draws_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<NoiseContrastiveEstimation>(
      "noise_contrastive_estimation", "telling data from draws of a known law",
      "Gutmann & Hyvärinen 2012, Journal of Machine Learning Research 13:307-361");
}
