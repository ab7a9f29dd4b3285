// Annealed importance sampling (Neal 2001): along E_β = (1-β) E_base + β E, β_0 = 0 ... β_T = 1,
//   x_0 ~ p_base,  ln w += E_{β_{t-1}}(x_{t-1}) - E_{β_t}(x_{t-1}),  x_t ~ K_{β_t}(· | x_{t-1});
// E[w] = Z/Z_0 for any T and any kernels K that leave p_β invariant. The estimate of Z is unbiased,
// so that of ln Z is low on average and log-likelihoods are high.
#include <gibbsite/api/kept_ladder.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class AnnealedImportanceSampling final : public Evaluation {
 public:
  struct Params {
    AnnealingParams annealing;
    Index runs = 100;
    bool per_observation = true;

    void fields(Fields& f) {
      annealing.fields(f);
      f.count("runs", runs, "independent runs, each giving one weight");
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
    }
  };

  AnnealedImportanceSampling(const Params& p, const Context& c)
      : params_(p), annealing_(p.annealing, c) {}

  Result evaluate(const Input& given) const override {
    KeptLadder kept(annealing_, given);
    const Input input = kept.input();
    const auto& ladder = kept.betas();
    const Eigen::ArrayXd log_weights =
        annealing_.run(annealing_.upwards(ladder, params_.runs, input.random.split("start")), input,
                       input.random.split("moves"));
    Result result =
        weighted_result(annealing_.context(), log_weights, annealing_.log_partition_at_0(),
                        params_.per_observation, annealing_.caveat());
    result.vector("inverse_temperature", "temperature",
                  Eigen::Map<const Eigen::ArrayXd>(ladder.data(), Index(ladder.size())));
    return result;
  }

 private:
  Params params_;
  Annealing annealing_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<AnnealedImportanceSampling>(
      "annealed_importance_sampling", "log Z from weights along a path of temperatures",
      "Neal 2001, Statistics and Computing 11:125-139; Salakhutdinov & Murray 2008, ICML; Zhou, "
      "Johansen & Aston 2016, JCGS 25:701-726 (adaptive)");
}
