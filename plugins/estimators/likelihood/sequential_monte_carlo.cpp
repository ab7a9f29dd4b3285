// Sequential Monte Carlo along E_β = (1-β) E_base + β E, β_0 = 0 ... β_T = 1 (Del Moral, Doucet &
// Jasra 2006): a population of N particles x^i with weights W^i that sum to 1,
//   Z_t/Z_{t-1} ≈ Σ W^i u^i,  u^i = exp(E_{β_{t-1}}(x^i) - E_{β_t}(x^i)),  W^i ∝ W^i u^i;
//   systematic resampling where 1/ΣW² falls below a share of N;  x^i ~ K_{β_t}(· | x^i).
// The product of the ratios is an unbiased estimate of Z/Z_0 for every N, resampled when it may.
// Independent populations give the standard error. An adaptive ladder comes from a pilot, for a
// ladder found by the weighted particles themselves would cost the unbiasedness.
#include <gibbsite/api/kept_ladder.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class SequentialMonteCarlo final : public Evaluation {
 public:
  struct Params {
    AnnealingParams annealing;
    Index particles = 100, runs = 10;
    double resample_below = .5;
    bool per_observation = true;

    void fields(Fields& f) {
      annealing.fields(f);
      f.count("particles", particles, "particles of a population");
      f.count("runs", runs, "independent populations, each giving one estimate");
      f.fraction("resample_below", resample_below,
                 "resample where the effective sample size is below this share of the particles");
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
    }
  };

  SequentialMonteCarlo(const Params& p, const Context& c)
      : params_(p), annealing_(p.annealing, c) {}

  Result evaluate(const Input& given) const override {
    KeptLadder kept(annealing_, given);
    const Input input = kept.input();
    const auto& ladder = kept.betas();
    const Index total = Index(ladder.size()) - 1, N = params_.particles;
    const auto leg = annealing_.upwards(ladder, params_.runs * N, input.random.split("start"));
    std::vector<std::unique_ptr<Annealing::Walker>> walkers(std::size_t(params_.runs));
    for (auto& walker : walkers) walker = std::make_unique<Annealing::Walker>(annealing_);
    Saved& saved = input.saved;
    if (saved.position == 0) {
      const Batch x = leg.start();
      saved = {.numbers = std::vector<double>(std::size_t(params_.runs * (1 + total + N)))};
      for (Index r = 0; r < params_.runs; ++r)
        saved.chains.push_back(walkers[std::size_t(r)]->init(x.middleCols(r * N, N)));
      for (Index r = 0; r < params_.runs; ++r)
        population(saved, r, total).log_weights.setConstant(-std::log(double(N)));
    }
    while (Index(saved.position) < total) {
      const Index first = Index(saved.position), last = std::min(total, first + total / 100 + 1);
      annealing_.context().workers->run(params_.runs, [&](Index r) {
        for (Index t = first + 1; t <= last; ++t)
          advance(*walkers[std::size_t(r)], saved.chains[std::size_t(r)],
                  population(saved, r, total), ladder, t, input.random.chains_from(r * N));
      });
      saved.position = std::uint64_t(last);
      const double ess = std::round(population(saved, 0, total).ess(last - 1));
      input.desk.report(double(last), double(total),
                        "ESS " + number_text(ess) + " of " + std::to_string(N));
    }
    return conclude(input, ladder);
  }

 private:
  // What a population has found so far, within Saved::numbers.
  struct Population {
    double& log_z;
    Eigen::Map<Eigen::ArrayXd> ess;  ///< per temperature from 1 on, before resampling
    Eigen::Map<Row> log_weights;
  };
  Population population(Saved& saved, Index run, Index total) const {
    double* at = saved.numbers.data() + run * (1 + total + params_.particles);
    return {*at, {at + 1, total}, {at + 1 + total, params_.particles}};
  }

  // Temperature t of one population, whose first particle is the first chain of `random`.
  void advance(Annealing::Walker& walker, Chains& now, Population to,
               const std::vector<double>& ladder, Index t, const Stream& random) const {
    const double from = ladder[std::size_t(t - 1)], beta = ladder[std::size_t(t)];
    const Row even = Row::Constant(params_.particles, -std::log(double(params_.particles)));
    to.log_weights += walker.log_weight(now.x, from, beta);
    const double step = log_sum_exp(to.log_weights.transpose());
    to.log_z += step;
    if (std::isfinite(step))
      to.log_weights -= step;
    else  // no particle is possible: the estimate is 0, whatever follows
      to.log_weights = even;
    to.ess(t - 1) = std::exp(-log_sum_exp(2 * to.log_weights.transpose()));
    if (t + 1 == Index(ladder.size())) return;
    const auto number = std::uint64_t(t);
    if (to.ess(t - 1) < params_.resample_below * double(params_.particles)) {
      now = select_chains(now, systematic_resampling(to.log_weights.transpose(),
                                                     random.split("resampling").at(number)));
      to.log_weights = even;
    }
    walker.move(now, beta, random.split("moves").at(number));
  }

  Result conclude(const Input& input, const std::vector<double>& ladder) const {
    const Index total = Index(ladder.size()) - 1;
    Eigen::ArrayXd log_z(params_.runs), resampled(params_.runs);
    std::vector<double> ess;
    Eigen::ArrayXd together = Eigen::ArrayXd::Zero(total);
    for (Index r = 0; r < params_.runs; ++r) {
      const Population one = population(input.saved, r, total);
      log_z(r) = one.log_z;
      resampled(r) = double(
          (one.ess.head(total - 1) < params_.resample_below * double(params_.particles)).count());
      ess.insert(ess.end(), one.ess.begin(), one.ess.end());
      together += one.ess;
    }
    Result result = weighted_result(annealing_.context(), log_z, annealing_.log_partition_at_0(),
                                    params_.per_observation, annealing_.caveat());
    warn_of_collapse(together.minCoeff(), result);
    const Eigen::Map<const Eigen::ArrayXd> betas(ladder.data(), total + 1);
    result.vector("inverse_temperature", "temperature", betas);
    result.variables.push_back(
        {"particle_effective_sample_size", {"run", "step"}, {params_.runs, total}, ess});
    result.coordinates["step"] = {betas.begin() + 1, betas.end()};
    result.vector("resampled_times", "run", resampled);
    result.headline.emplace_back("resampled_times", resampled.mean());
    return result;
  }

  // Populations that collapse alike agree, but not with Z; `least` is their joint sample size then.
  void warn_of_collapse(double least, Result& result) const {
    const double all = double(params_.runs * params_.particles);
    if (least > .1 * all * (1 + 1e-9) || !std::get<bool>(result.attributes.at("reliable"))) return;
    result.attributes["reliable"] = false;
    result.attributes["warning"] =
        "in one step the " + number_text(all) + " particles are worth " +
        number_text(std::round(10 * least) / 10) +
        " equal ones, a tenth or less: the interval is too narrow; use more temperatures";
  }

  Params params_;
  Annealing annealing_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<SequentialMonteCarlo>("sequential_monte_carlo",
                                     "log Z from populations that are weighed, resampled and moved",
                                     "Del Moral, Doucet & Jasra 2006, JRSS B 68:411-436");
}
