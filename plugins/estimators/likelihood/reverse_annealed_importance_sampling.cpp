// Reverse annealed importance sampling: exact draws of the model are annealed down to the base,
//   x_T ~ p,  ln w += E_{β_t}(x_t) - E_{β_{t-1}}(x_t),  x_{t-1} ~ K_{β_{t-1}}(· | x_t),
// with reversible kernels, so that the way down is the way up read backwards. E[w] = Z_0/Z, hence
// ln Z_0 - ln mean w is on average above ln Z: a stochastic upper bound on ln Z and a lower one on
// log-likelihoods (Burda, Grosse & Salakhutdinov 2015; Grosse, Ghahramani & Adams 2015).
#include <gibbsite/api/kept_ladder.hpp>
#include <gibbsite/api/sandwich.hpp>
#include <gibbsite/core/log_weights.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class ReverseAnnealedImportanceSampling final : public Evaluation {
 public:
  struct Params {
    AnnealingParams annealing;
    TargetDraws target;
    Index runs = 100;
    bool per_observation = true;

    void fields(Fields& f) {
      annealing.fields(f);
      target.fields(f);
      f.count("runs", runs, "independent runs, each giving one weight");
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
    }
  };

  ReverseAnnealedImportanceSampling(const Params& p, const Context& c)
      : params_(p), annealing_(p.annealing, c, Annealing::Kernels::reversible) {
    p.target.require(c, p.runs);
  }

  Result evaluate(const Input& given) const override {
    KeptLadder kept(annealing_, given);
    const Input input = kept.input();
    const Context& context = annealing_.context();
    const auto& ladder = kept.betas();
    const auto leg = downwards(ladder, params_.runs, [&] {
      return params_.target.draw(context, params_.runs, input.random.split("target"));
    });
    const Eigen::ArrayXd log_weights =
        annealing_.run(leg, input, input.random.split("reverse moves"));
    const std::string assumption = params_.target.assumption();
    LogPartition estimate = reverse_log_partition(
        log_weights, annealing_.log_partition_at_0(),
        assumption.empty() ? annealing_.caveat() : "an upper bound only if " + assumption);
    if (!annealing_.caveat().empty()) estimate.bound = "none";
    Result result = log_partition_result(context, estimate, params_.per_observation);
    const LogWeights all = summarise(log_weights);
    result.vector("log_weights", "run", log_weights);
    result.scalar("effective_sample_size", all.effective_sample_size);
    result.scalar("max_weight", all.max_weight);
    result.vector("inverse_temperature", "temperature",
                  Eigen::Map<const Eigen::ArrayXd>(ladder.data(), Index(ladder.size())));
    if (!assumption.empty()) result.attributes["assumes"] = assumption;
    result.headline.emplace_back("effective_sample_size", all.effective_sample_size);
    return result;
  }

 private:
  Params params_;
  Annealing annealing_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ReverseAnnealedImportanceSampling>(
      "reverse_annealed_importance_sampling",
      "upper bound on log Z from draws of the model that are annealed down to the base",
      "Burda, Grosse & Salakhutdinov 2015, AISTATS; Grosse, Ghahramani & Adams 2015, arXiv "
      "1511.02543");
}
