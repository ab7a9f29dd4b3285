// RAISE, the reverse annealed importance sampling estimator (Burda, Grosse & Salakhutdinov 2015):
// a lower bound on the log-likelihood of the *annealed model*, whose draws are x_T of
//   x_0 ~ p_base,  x_t ~ K_{β_t}(· | x_{t-1}),  t = 1 … T,
// from chains that run its reversible kernels backwards from an observation v = x_T:
//   p̂(v) = e^{-E(v)}/Z_0 · mean of w,  x_{t-1} ~ K_{β_t}(· | x_t),
//   ln w = Σ_t E_{β_t}(x_{t-1}) - E_{β_{t-1}}(x_{t-1});
// E p̂(v) = p_ann(v), so ln p̂ is low on average. p_ann tends to the target as T grows, yet for small
// T it may give data *more* than the target does: forward annealing on the same ladder says how far
// the two are apart.
#include <gibbsite/api/kept_ladder.hpp>
#include <gibbsite/api/sandwich.hpp>
#include <gibbsite/core/log_weights.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Raise final : public Evaluation {
 public:
  struct Params {
    AnnealingParams annealing;
    Index runs = 20, observations = 100, forward_runs = 100;

    void fields(Fields& f) {
      annealing.fields(f);
      f.count("runs", runs, "chains per observation");
      f.count("observations", observations,
              "evenly spaced rows of the training and of the test data, or all if fewer");
      f.count("forward_runs", forward_runs,
              "forward chains, which estimate the target's own log-likelihood for comparison");
    }
  };

  Raise(const Params& p, const Context& c)
      : params_(p), annealing_(p.annealing, c, Annealing::Kernels::reversible) {
    if (c.require_train().observed().dim() != c.model->dim())
      throw Error(c.subject + ": needs data of whole configurations, got " +
                  std::to_string(c.train->observed().dim()) + " of " +
                  std::to_string(c.model->dim()) + " coordinates");
  }

  Result evaluate(const Input& given) const override {
    KeptLadder kept(annealing_, given);
    const Input input = kept.input();
    const Stream& random = input.random;
    const auto& ladder = kept.betas();
    const Batch train = evenly_spaced_rows(annealing_.context().train, params_.observations,
                                           random.split("train")),
                test = evenly_spaced_rows(annealing_.context().test, params_.observations,
                                          random.split("test"));
    const Index count = train.cols() + test.cols();
    Annealing::Leg up = annealing_.upwards(ladder, params_.forward_runs, random.split("start"));
    Annealing::Leg down = downwards(ladder, count * params_.runs, [&] {
      Batch x(train.rows(), count * params_.runs);
      for (Index k = 0; k < x.cols(); ++k) {
        const Index n = k / params_.runs;
        x.col(k) = n < train.cols() ? train.col(n) : test.col(n - train.cols());
      }
      return x;
    });
    down.moves_first = true;
    down.first_position = up.last_position;
    down.first_number = params_.forward_runs;
    up.last_position = down.last_position = 2 * down.first_position;
    const LogWeights forward = summarise(annealing_.run(up, input, random.split("moves")));
    const Eigen::ArrayXd reverse = annealing_.run(down, input, random.split("reverse moves"));
    Result result;
    std::vector<std::string> warnings;
    if (!annealing_.caveat().empty()) warnings.push_back(annealing_.caveat());
    const Index cut = train.cols() * params_.runs;
    if (!forward.warning.empty()) warnings.push_back("forward annealing: " + forward.warning);
    add("train", train, reverse.head(cut), forward, test.cols() == 0, result, warnings);
    add("test", test, reverse.tail(reverse.size() - cut), forward, true, result, warnings);
    result.vector("inverse_temperature", "temperature",
                  Eigen::Map<const Eigen::ArrayXd>(ladder.data(), Index(ladder.size())));
    result.scalar("forward_effective_sample_size", forward.effective_sample_size);
    result.attributes = {{"bound", std::string("none")},
                         {"likelihood_of", std::string("the annealed model, not the target")},
                         {"annealed_log_likelihood_bound", std::string("lower")},
                         {"reliable", warnings.empty()}};
    if (!warnings.empty()) result.attributes["warning"] = join(warnings, "; ");
    return result;
  }

 private:
  // `count` evenly spaced rows of `size`.
  void add(const std::string& which, const Batch& data, const Eigen::ArrayXd& log_weights,
           const LogWeights& forward, bool keep, Result& result,
           std::vector<std::string>& warnings) const {
    if (data.cols() == 0) return;
    const double n = double(data.cols()), runs = double(params_.runs);
    Row energy;
    annealing_.context().model->energy(data, energy);
    if (energy.isNaN().any()) throw Diverged("the energy of a configuration of the data is NaN");
    Eigen::ArrayXd bounds = -energy.transpose() - annealing_.log_partition_at_0();
    const double target = bounds.mean() - forward.log_mean;
    double variance = 0, ess = 0;
    for (Index k = 0; k < data.cols(); ++k) {
      const LogWeights one = summarise(log_weights.segment(k * params_.runs, params_.runs));
      bounds(k) += one.log_mean;
      variance += one.standard_error * one.standard_error;
      ess += one.effective_sample_size / n;
    }
    const std::string name = "mean_log_likelihood_" + which;
    const double mean = bounds.mean(), error = std::sqrt(variance) / n, excess = mean - target;
    result.scalar(name, mean);
    result.scalar(name + "_standard_error", error);
    result.scalar("target_" + name, target);
    result.scalar("annealed_minus_target_" + which, excess);
    result.scalar("effective_sample_size_" + which, ess);
    if (keep) {
      const Dataset& all =
          which == "train" ? *annealing_.context().train : *annealing_.context().test;
      const std::vector<Index> chosen = evenly_spaced(all.size(), data.cols());
      result.coordinates["observation"] = {chosen.begin(), chosen.end()};
      result.vector("log_likelihood", "observation", bounds);
    }
    result.headline.emplace_back(name, mean);
    result.headline.emplace_back("annealed_minus_target_" + which, excess);
    if (params_.runs > 1 && ess < .1 * runs)
      warnings.push_back("the " + number_text(runs) + " weights per " + which +
                         " observation are worth " + number_text(std::round(10 * ess) / 10) +
                         " equal ones: the bound is probably far too low");
    const double noise = 3 * std::hypot(error, forward.standard_error);
    if (std::isnan(noise))
      warnings.push_back("a single run has no error to compare with: use more runs");
    else if (excess > noise)
      warnings.push_back("the annealed model gives the " + which + " data " +
                         number_text(std::round(100 * excess) / 100) +
                         " nats more than forward annealing says that the target does: no bound on "
                         "the target; use more temperatures");
  }

  Params params_;
  Annealing annealing_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Raise>("raise", "lower bound on the log-likelihood of the annealed model",
                      "Burda, Grosse & Salakhutdinov 2015, AISTATS");
}
