// Annealed importance sampling (Neal 2001): along E_β = (1-β) E_base + β E, β_0 = 0 ... β_T = 1,
//   x_0 ~ p_base,  ln w += E_{β_{t-1}}(x_{t-1}) - E_{β_t}(x_{t-1}),  x_t ~ K_{β_t}(· | x_{t-1});
// E[w] = Z/Z_0 for any T and any kernels K that leave p_β invariant. The estimate of Z is unbiased,
// so that of ln Z is low on average and log-likelihoods are high.
#include <gibbsite/api/averages.hpp>
#include <gibbsite/core/log_weights.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class AnnealedImportanceSampling final : public Evaluation {
 public:
  struct Params {
    Index temperatures = 1000;
    Index runs = 100;
    Index steps = 1;
    std::string schedule = "linear";
    std::string base = "uniform";
    double smoothing = 500. / 60000;
    bool per_observation = true;
    PluginSpec base_model, sampler;

    void fields(Fields& f) {
      f.count("temperatures", temperatures, "number T of steps from β = 0 to 1");
      f.count("runs", runs, "independent runs, each giving one weight");
      f.count("steps", steps, "kernel steps per temperature");
      f.choice("schedule", schedule, {"linear", "salakhutdinov_murray"},
               "spacing of β: even, or 500, 4000, 10000 of 14500 in [0, .5], [.5, .9], [.9, 1]");
      f.choice("base", base, {"uniform", "data"},
               "units at β = 0: uniform (real ones N(0, 1)), or by their law in the training data");
      f.positive("smoothing", smoothing, "base data: pseudo-counts of each state per training row");
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
      f.plugin("base_model", base_model, Kind::model,
               "a model to start from in place of `base`; needs a known log Z and exact draws");
      f.plugin("sampler", sampler, Kind::sampler, "the Markov kernel K; its step size stays fixed");
    }
  };

  AnnealedImportanceSampling(const Params& p, const Context& c) : params_(p), context_(c) {
    if (c.model == nullptr) throw Error(c.subject + ": needs a model");
    const Domain& domain = c.model->domain();
    if (p.base_model)
      base_ = c.energy_model(p.base_model);
    else
      base_.reset(p.base == "uniform"
                      ? new Independent(Independent::uniform(domain))
                      : new Independent(Independent::from_data(
                            domain, c.require_train(), p.smoothing * double(c.train->size()))));
    const auto* known = base_->capability<Normalized>();
    if (known == nullptr || !known->log_partition(1) || base_->capability<Exact>() == nullptr)
      throw Error(c.subject + ": base_model must have a known log Z and exact draws");
    Run trial(*this);  // refuses now what could not run later
    if (!std::isfinite(log_partition_at_0(trial.path)))
      throw Error(c.subject + ": the path has no finite log Z at β = 0");
  }

  Result evaluate(const Input& input) const override {
    const Index total = params_.temperatures, width = block_width(params_.runs);
    std::vector<std::unique_ptr<Run>> runs(std::size_t(block_count(params_.runs)));
    for (auto& run : runs) run = std::make_unique<Run>(*this);
    Saved& saved = input.saved;
    for (Index first = 0; saved.position == 0 && first < params_.runs; first += width) {
      Batch x(base_->dim(), std::min(width, params_.runs - first));
      base_->capability<Exact>()->draw(input.random.split("start").chains_from(first), x);
      if (first == 0) saved = {.numbers = std::vector<double>(std::size_t(params_.runs))};
      saved.chains.push_back(runs[std::size_t(first / width)]->kernel->init(std::move(x)));
    }
    const Stream moves = input.random.split("moves");
    const Eigen::Map<const Eigen::ArrayXd> log_weights(saved.numbers.data(), params_.runs);
    while (Index(saved.position) < total) {
      const Index first = Index(saved.position), last = std::min(total, first + total / 100 + 1);
      context_.workers->run(Index(runs.size()), [&](Index b) {
        advance(*runs[std::size_t(b)], saved.chains[std::size_t(b)],
                &saved.numbers[std::size_t(b * width)], first, last, moves, b * width);
      });
      saved.position = std::uint64_t(last);
      const double ess = std::round(summarise(log_weights).effective_sample_size);
      input.desk.report(double(last), double(total),
                        "ESS " + number_text(ess) + " of " + std::to_string(params_.runs));
    }
    Result result = weighted_result(context_, log_weights, log_partition_at_0(runs[0]->path),
                                    params_.per_observation, input.random.split("data"));
    result.vector("inverse_temperature", "temperature",
                  Eigen::ArrayXd::NullaryExpr(total + 1, [&](Index t) { return beta(t); }));
    return result;
  }

 private:
  // What one block of runs has for itself: a path that stands at its β, and a kernel bound to it.
  struct Run {
    explicit Run(const AnnealedImportanceSampling& of)
        : path(WeightedSum::path(*of.base_, *of.context_.model, 0)),
          kernel(of.context_.sampler(of.params_.sampler, &path)) {}
    WeightedSum path;
    std::unique_ptr<Sampler> kernel;
  };

  // β_t; Salakhutdinov & Murray's shares joined by straight lines.
  double beta(Index t) const {
    const double u = double(t) / double(params_.temperatures);
    if (params_.schedule == "linear" || t == params_.temperatures) return u;
    constexpr double first = 500. / 14500, second = 4500. / 14500;
    if (u <= first) return .5 * u / first;
    return u <= second ? .5 + .4 * (u - first) / (second - first)
                       : .9 + .1 * (u - second) / (1 - second);
  }
  std::vector<double> weights(Index t) const { return {1 - beta(t), beta(t)}; }
  // A latent path leaves the hidden units free at β = 0, which adds a constant to the base energy.
  double log_partition_at_0(WeightedSum& path) const {
    Batch x(base_->dim(), 1);
    base_->capability<Exact>()->draw(Stream(0), x);
    path.set_weights(weights(0));
    Row whole, alone;
    path.energy(x, whole);
    base_->energy(x, alone);
    return *base_->capability<Normalized>()->log_partition(1) - (whole(0) - alone(0));
  }

  // Temperatures first + 1 … last of the runs from `chain` on.
  void advance(Run& run, Chains& now, double* log_weights, Index first, Index last, Stream random,
               Index chain) const {
    for (Index t = first + 1; t <= last; ++t) {
      const Row step = run.path.energy_difference(now.x, weights(t - 1), weights(t));
      if (step.isNaN().any())
        throw Diverged("an energy is NaN at temperature " + std::to_string(t) + " of AIS");
      Eigen::Map<Row>(log_weights, now.x.cols()) += step;
      if (t == params_.temperatures) return;  // a last move would change no weight
      run.path.set_weights(weights(t));
      run.kernel->refresh(now);
      for (Index k = 0; k < params_.steps; ++k)
        run.kernel->step(now,
                         random.split(std::uint64_t(k)).at(std::uint64_t(t)).chains_from(chain));
    }
  }

  Params params_;
  Context context_;
  std::unique_ptr<EnergyModel> base_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<AnnealedImportanceSampling>(
      "annealed_importance_sampling", "log Z from weights along a path of temperatures",
      "Neal 2001, Statistics and Computing 11:125-139; Salakhutdinov & Murray 2008, ICML");
}
