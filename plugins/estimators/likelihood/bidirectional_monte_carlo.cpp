// Bidirectional Monte Carlo (Grosse, Ghahramani & Adams 2015): annealing from the base up and,
// along the same ladder and with the same reversible kernels, from exact draws of the model down,
//   E ln w_up <= ln Z/Z_0 <= -E ln w_down;
// the means of w within the logarithms only narrow the gap. The two ends close in on ln Z as T
// grows, and how far they are apart bounds the error of either.
#include <gibbsite/api/kept_ladder.hpp>
#include <gibbsite/api/sandwich.hpp>
#include <gibbsite/core/log_weights.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class BidirectionalMonteCarlo final : public Evaluation {
 public:
  struct Params {
    AnnealingParams annealing;
    TargetDraws target;
    Index runs = 100;
    double tolerance = .5;
    bool per_observation = true;

    void fields(Fields& f) {
      annealing.fields(f);
      target.fields(f);
      f.count("runs", runs, "independent runs in each direction, each giving one weight");
      f.positive("tolerance", tolerance, "gap between the bounds, in nats, that is small enough");
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
    }
  };

  BidirectionalMonteCarlo(const Params& p, const Context& c)
      : params_(p), annealing_(p.annealing, c, Annealing::Kernels::reversible) {
    p.target.require(c, p.runs);
  }

  Result evaluate(const Input& given) const override {
    KeptLadder kept(annealing_, given);
    const Input input = kept.input();
    const Stream& random = input.random;
    const auto& ladder = kept.betas();
    Annealing::Leg up = annealing_.upwards(ladder, params_.runs, random.split("start"));
    Annealing::Leg down = downwards(ladder, params_.runs, [&] {
      return params_.target.draw(annealing_.context(), params_.runs, random.split("target"));
    });
    down.first_position = up.last_position;
    down.first_number = params_.runs;
    up.last_position = down.last_position = 2 * down.first_position;
    const Eigen::ArrayXd forward = annealing_.run(up, input, random.split("moves"));
    const Eigen::ArrayXd reverse = annealing_.run(down, input, random.split("reverse moves"));
    return conclude(forward, reverse, ladder);
  }

 private:
  Result conclude(const Eigen::ArrayXd& forward, const Eigen::ArrayXd& reverse,
                  const std::vector<double>& ladder) const {
    const Context& context = annealing_.context();
    const double log_z0 = annealing_.log_partition_at_0();
    const LogWeights low = summarise(forward);
    const LogPartition high = reverse_log_partition(reverse, log_z0, "");
    const Sandwich bounds{log_z0 + low.log_mean, low.standard_error, high.value,
                          high.standard_error, Index(ladder.size()) - 1};
    const Verdict verdict(bounds, params_.tolerance);
    const std::string assumption = params_.target.assumption(), caveat = annealing_.caveat();
    Result result = log_partition_result(
        context,
        {.value = bounds.lower,
         .standard_error = low.standard_error,
         .lower = log_z0 + low.lower,
         .upper = std::max(log_z0 + low.upper, high.upper),
         .bound = caveat.empty() ? "unbiased_Z" : "none",
         .warning = !caveat.empty()        ? caveat
                    : !verdict.agree       ? verdict.text
                    : !assumption.empty()  ? "an upper bound only if " + assumption
                    : !low.warning.empty() ? low.warning
                                           : high.warning},
        params_.per_observation);
    result.attributes["verdict"] = verdict.text;
    if (!assumption.empty()) result.attributes["assumes"] = assumption;
    result.scalar("log_partition_upper", high.value);
    result.scalar("log_partition_upper_standard_error", high.standard_error);
    result.scalar("gap", bounds.gap());
    // What the theory orders: expectations of single log weights.
    result.scalar("log_partition_single_lower", log_z0 + forward.mean());
    result.scalar("log_partition_single_upper", log_z0 - reverse.mean());
    result.vector("log_weights", "run", forward);
    result.vector("reverse_log_weights", "run", reverse);
    result.scalar("effective_sample_size", low.effective_sample_size);
    result.scalar("reverse_effective_sample_size", summarise(reverse).effective_sample_size);
    result.vector("inverse_temperature", "temperature",
                  Eigen::Map<const Eigen::ArrayXd>(ladder.data(), Index(ladder.size())));
    result.headline.emplace_back("log_partition_upper", high.value);
    result.headline.emplace_back("gap", bounds.gap());
    return result;
  }

  Params params_;
  Annealing annealing_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<BidirectionalMonteCarlo>("bidirectional_monte_carlo",
                                        "lower and upper bounds on log Z by annealing up and down",
                                        "Grosse, Ghahramani & Adams 2015, arXiv 1511.02543");
}
