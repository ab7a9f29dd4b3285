// Thermodynamic integration (Gelman & Meng 1998; Friel & Pettitt 2008, JRSS B 70:589):
//   ln Z = ln Z_0 - ∫_0^1 E_β[∂E_β/∂β] dβ,  E_β = (1-β) E_base + β E,
// the means over independent chains that climb a ladder of β, the integral by straight lines or by
// parabolas. Noise (from the spread of the chains) and discretisation are errors of two kinds: how
// far the two rules lie apart estimates the second, which more draws do not make smaller.
#include <boost/math/distributions/students_t.hpp>
#include <gibbsite/api/climbing_chains.hpp>
#include <gibbsite/api/kept_ladder.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class ThermodynamicIntegration final : public Evaluation {
 public:
  struct Params {
    AnnealingParams annealing{.temperatures = 100};
    ClimbingChains::Params climbing;
    std::string rule = "trapezoid";
    bool per_observation = true;

    void fields(Fields& f) {
      annealing.fields(f);
      climbing.fields(f);
      f.choice("rule", rule, {"trapezoid", "simpson"}, "which integral is the estimate");
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
    }
  };

  ThermodynamicIntegration(const Params& p, const Context& c)
      : params_(p), annealing_(p.annealing, c) {}

  Result evaluate(const Input& given) const override {
    KeptLadder kept(annealing_, given);
    const Input input = kept.input();
    const auto& ladder = kept.betas();
    const Index points = Index(ladder.size()), chains = params_.climbing.chains;
    const ClimbingChains climbers(annealing_, params_.climbing);
    Saved& saved = input.saved;
    if (saved.position == 0) {
      saved.numbers.assign(std::size_t(chains * points), 0);
      climbers.start(saved, input.random.split("start"));
    }
    while (Index(saved.position) < points) {
      const Index t = Index(saved.position);
      const double beta = ladder[std::size_t(t)];
      double* sums = saved.numbers.data() + t * chains;
      climbers.draw(saved, beta, input.random.split("moves").at(std::uint64_t(t)),
                    [&](const Annealing::Walker& walker, const Batch& x, Index first, Index) {
                      Eigen::Map<Row>(sums + first, x.cols()) += walker.slope(x, beta);
                    });
      Eigen::Map<Row>(sums, chains) /= double(params_.climbing.draws);
      saved.position = std::uint64_t(t) + 1;
      input.desk.report(double(t + 1), double(points), "β = " + number_text(beta));
    }
    return conclude(input, Eigen::Map<const Eigen::ArrayXd>(ladder.data(), points));
  }

 private:
  Result conclude(const Input& input, const Eigen::ArrayXd& ladder) const {
    const double n = double(params_.climbing.chains), log_z0 = annealing_.log_partition_at_0();
    const Eigen::Map<const Eigen::MatrixXd> slopes(input.saved.numbers.data(),
                                                   params_.climbing.chains, ladder.size());
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
