// Thermodynamic integration (Gelman & Meng 1998; Friel & Pettitt 2008, JRSS B 70:589):
//   ln Z = ln Z_0 - ∫_0^1 E_β[∂E_β/∂β] dβ,  E_β = (1-β) E_base + β E,
// the means over independent chains that climb a ladder of β, the integral by straight lines or by
// parabolas. Noise (from the spread of the chains) and discretisation are errors of two kinds: how
// far the two rules lie apart estimates the second, which more draws do not make smaller.
#include <boost/math/distributions/students_t.hpp>
#include <gibbsite/api/annealing.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class ThermodynamicIntegration final : public Evaluation {
 public:
  struct Params {
    AnnealingParams annealing{.temperatures = 100};
    Index chains = 20, warmup = 20, draws = 100;
    std::string rule = "trapezoid";
    bool per_observation = true;

    void fields(Fields& f) {
      annealing.fields(f);
      f.integer("chains", chains, "independent chains", {.minimum = 2});
      f.integer("warmup", warmup, "moves at each temperature before the first that counts");
      f.count("draws", draws, "moves at each temperature that count");
      f.choice("rule", rule, {"trapezoid", "simpson"}, "which integral is the estimate");
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
    }
  };

  ThermodynamicIntegration(const Params& p, const Context& c)
      : params_(p), annealing_(p.annealing, c) {}

  Result evaluate(const Input& input) const override {
    const auto ladder = annealing_.ladder(input.random.split("pilot"), input.desk);
    const Index points = Index(ladder.size()), width = block_width(params_.chains);
    std::vector<std::unique_ptr<Annealing::Walker>> walkers(
        std::size_t(block_count(params_.chains)));
    for (auto& walker : walkers) walker = std::make_unique<Annealing::Walker>(annealing_);
    Saved& saved = input.saved;
    if (saved.position == 0) {
      const Batch x =
          annealing_.upwards(ladder, params_.chains, input.random.split("start")).start();
      saved = {.numbers = std::vector<double>(std::size_t(params_.chains * points))};
      for (Index first = 0; first < params_.chains; first += width)
        saved.chains.push_back(walkers[std::size_t(first / width)]->init(
            x.middleCols(first, std::min(width, params_.chains - first))));
    }
    while (Index(saved.position) < points) {
      const Index t = Index(saved.position);
      annealing_.context().workers->run(Index(walkers.size()), [&](Index b) {
        Chains& now = saved.chains[std::size_t(b)];
        Eigen::Map<Row>(saved.numbers.data() + t * params_.chains + b * width, now.x.cols()) =
            mean_slope(*walkers[std::size_t(b)], now, ladder[std::size_t(t)],
                       input.random.split("moves").at(std::uint64_t(t)).chains_from(b * width));
      });
      saved.position = std::uint64_t(t) + 1;
      input.desk.report(double(t + 1), double(points),
                        "β = " + number_text(ladder[std::size_t(t)]));
    }
    return conclude(input, Eigen::Map<const Eigen::ArrayXd>(ladder.data(), points));
  }

 private:
  Row mean_slope(Annealing::Walker& walker, Chains& now, double beta, const Stream& random) const {
    Row sum = Row::Zero(now.x.cols());
    for (Index k = 0; k < params_.warmup + params_.draws; ++k) {
      walker.move(now, beta, random.split(std::uint64_t(k)));
      if (k >= params_.warmup) sum += walker.slope(now.x, beta);
    }
    return sum / double(params_.draws);
  }

  Result conclude(const Input& input, const Eigen::ArrayXd& ladder) const {
    const double n = double(params_.chains), log_z0 = annealing_.log_partition_at_0();
    const Eigen::Map<const Eigen::MatrixXd> slopes(input.saved.numbers.data(), params_.chains,
                                                   ladder.size());
    const auto integrals = [&](const Eigen::ArrayXd& weights) -> Eigen::ArrayXd {
      return log_z0 - (slopes * weights.matrix()).array();
    };
    const Eigen::ArrayXd lines = integrals(trapezoid_weights(ladder)),
                         parabolas = integrals(simpson_weights(ladder));
    const Eigen::ArrayXd& own = params_.rule == "trapezoid" ? lines : parabolas;
    const double value = own.mean(), gap = std::abs(lines.mean() - parabolas.mean());
    const double error = std::sqrt((own - value).square().sum() / (n - 1) / n);
    const double t = boost::math::quantile(boost::math::students_t(n - 1), .975);
    std::string warning = annealing_.caveat();
    if (warning.empty() && ladder.size() < 3)
      warning = "two points say nothing of the error between them: use more temperatures";
    if (warning.empty() && !(gap <= 3 * error))
      warning = "the ladder is too coarse: trapezoid and Simpson's rule are " + number_text(gap) +
                " nats apart, against a standard error of " + number_text(error);
    Result result = log_partition_result(annealing_.context(),
                                         {.value = value,
                                          .standard_error = error,
                                          .lower = value - t * error - gap,
                                          .upper = value + t * error + gap,
                                          .bound = "none",
                                          .warning = warning},
                                         params_.per_observation);
    result.scalar("discretisation_error", gap);
    result.scalar("log_partition_trapezoid", lines.mean());
    result.scalar("log_partition_simpson", parabolas.mean());
    result.vector("inverse_temperature", "temperature", ladder);
    const Eigen::ArrayXd mean = slopes.colwise().mean().transpose().array();
    result.vector("mean_slope", "temperature", mean);
    result.vector("mean_slope_standard_error", "temperature",
                  ((slopes.rowwise() - mean.matrix().transpose()).array().square().colwise().sum() /
                   ((n - 1) * n))
                      .sqrt()
                      .transpose());
    result.headline.emplace_back("discretisation_error", gap);
    return result;
  }

  Params params_;
  Annealing annealing_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ThermodynamicIntegration>("thermodynamic_integration",
                                         "log Z as an integral of mean energies over temperatures",
                                         "Gelman & Meng 1998, Statistical Science 13:163-185");
}
