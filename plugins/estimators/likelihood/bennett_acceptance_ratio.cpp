// The Bennett acceptance ratio (Bennett 1976) from stage to stage of a ladder β_0 = 0 … β_T = 1,
// E_β = (1-β) E_base + β E: n draws of each end and u = E_{β_{t-1}}(x) - E_{β_t}(x) give
//   ln Z_t/Z_{t-1} = C,  Σ_{x of β_{t-1}} f(C - u) = Σ_{x of β_t} f(u - C),  f(y) = 1/(1 + e^y),
// the ratio of least asymptotic variance, <f²>/<f>² - 1 over n for either end. (Shirts, Bair,
// Hooker & Pande 2003: the maximum of a likelihood.) Draws at 0 are exact, those above from
// independent chains that climb the ladder; only means of whole chains are compared, so that
// autocorrelation, and draws that two stages share, are in the standard error. What two neighbours
// have in common, 2 <f> = ∫ 2 p_{t-1} p_t / (p_{t-1} + p_t), says whether it means anything.
#include <gibbsite/api/climbing_chains.hpp>
#include <gibbsite/api/kept_ladder.hpp>
#include <gibbsite/api/sandwich.hpp>
#include <gibbsite/core/multistate.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

// Neighbours in the overlap matrix should have .03 (Klimovich, Shirts & Mobley 2015), half of this.
constexpr double least_overlap = .06;
constexpr double least_shared_draws = 10;

class BennettAcceptanceRatio final : public Evaluation {
 public:
  struct Params {
    AnnealingParams annealing{.temperatures = 20};
    ClimbingChains::Params climbing;
    std::string target = "kernel";
    bool per_observation = true;

    void fields(Fields& f) {
      annealing.fields(f);
      climbing.fields(f);
      f.choice(
          "target", target, {"kernel", "exact"},
          "draws at β = 1: by the kernel, or from the model by its own method, by summing over "
          "states or by elimination");
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
    }
  };

  BennettAcceptanceRatio(const Params& p, const Context& c)
      : params_(p), annealing_(p.annealing, c) {
    if (p.target == "exact") TargetDraws{}.require(c, p.climbing.chains);
  }

  Result evaluate(const Input& given) const override {
    KeptLadder kept(annealing_, given);
    const Input input = kept.input();
    const auto& ladder = kept.betas();
    const Index points = Index(ladder.size()), n = params_.climbing.chains * params_.climbing.draws;
    const ClimbingChains climbers(annealing_, params_.climbing);
    Eigen::ArrayXXd down(params_.climbing.chains, params_.climbing.draws), up = down;
    Saved& saved = input.saved;
    if (saved.position == 0) {
      saved.numbers.assign(std::size_t(n + params_.climbing.chains + 3 * (points - 1)), 0);
      climbers.start(saved, input.random.split("start"));
    }
    while (Index(saved.position) < points) {
      const Index t = Index(saved.position);
      const auto at = [&](Index k) { return ladder[std::size_t(k)]; };
      const bool is_exact = t + 1 == points && params_.target == "exact";
      const auto weigh = [&](const Annealing::Walker& walker, const Batch& x, Index first,
                             Index k) {
        const auto place = [&](auto& all) { return all.col(k).segment(first, x.cols()); };
        if (t > 0) place(down) = walker.log_weight(x, at(t - 1), at(t)).transpose();
        if (t + 1 < points) place(up) = walker.log_weight(x, at(t), at(t + 1)).transpose();
      };
      climbers.draw(saved, at(t), input.random.split("moves").at(std::uint64_t(t)), weigh,
                    t == 0     ? climbers.from_base()
                    : is_exact ? ClimbingChains::from(*annealing_.context().model)
                               : ClimbingChains::Independent());
      Found all = found(saved, points);
      if (t > 0) solve(all, t - 1, down);
      all.up = up;
      saved.position = std::uint64_t(t) + 1;
      input.desk.report(double(t + 1), double(points), "β = " + number_text(at(t)));
    }
    return conclude(found(saved, points), ladder);
  }

 private:
  // What is known so far, within Saved::numbers.
  struct Found {
    Eigen::Map<Eigen::ArrayXXd> up;                       ///< u of the last draws and the next β
    Eigen::Map<Eigen::ArrayXd> chain;                     ///< error of ln Z by each chain alone
    Eigen::Map<Eigen::ArrayXd> ratio, overlap, variance;  ///< per stage; were all independent
  };
  Found found(Saved& saved, Index points) const {
    const Index chains = params_.climbing.chains, draws = params_.climbing.draws, S = points - 1;
    double *at = saved.numbers.data(), *sums = at + chains * draws, *stages = sums + chains;
    return {{at, chains, draws}, {sums, chains}, {stages, S}, {stages + S, S}, {stages + 2 * S, S}};
  }

  // Stage s, between the draws that `all.up` has kept and those above it.
  static void solve(Found& all, Index s, const Eigen::ArrayXXd& down) {
    const Index n = down.size();
    Eigen::ArrayXXd log_q(2, 2 * n);
    log_q.row(1) << all.up.reshaped().transpose(), down.reshaped().transpose();
    log_q.row(0) = (-log_q.row(1)).min(0.);
    log_q.row(1) = log_q.row(1).min(0.);
    const MultistateRatios both = multistate_ratios(log_q, Eigen::Array2d::Constant(double(n)));
    const auto f = [&](Index law, Index first) -> Eigen::ArrayXXd {
      return both.membership.row(law).segment(first, n).reshaped(down.rows(), down.cols());
    };
    const Eigen::ArrayXXd lower = f(1, 0), upper = f(0, n);
    all.ratio(s) = both.log_ratio(1);
    all.overlap(s) = lower.mean() + upper.mean();
    all.variance(s) = std::max(both.covariance(1, 1), 0.);
    all.chain += lower.rowwise().mean() / lower.mean() - upper.rowwise().mean() / upper.mean();
  }

  Result conclude(const Found& all, const std::vector<double>& ladder) const {
    const double chains = double(params_.climbing.chains), n = double(all.up.size());
    const double value = annealing_.log_partition_at_0() + all.ratio.sum();
    const double error = std::sqrt(all.chain.square().sum() / (chains - 1) / chains);
    Index stage = 0;
    const double least = all.overlap.minCoeff<Eigen::PropagateNaN>(&stage);
    std::string warning = annealing_.caveat();
    if (warning.empty() && !(least >= std::max(least_overlap, 2 * least_shared_draws / n)))
      warning = "draws at β = " + number_text(ladder[std::size_t(stage)]) + " and " +
                number_text(ladder[std::size_t(stage) + 1]) + " hardly overlap (" +
                number_text(std::round(1e4 * least) / 1e4) +
                "): use more temperatures or more draws";
    Result result = log_partition_result(
        annealing_.context(), estimate_of_runs(value, error, params_.climbing.chains, warning),
        params_.per_observation);
    result.scalar("independent_standard_error", std::sqrt(all.variance.sum()));
    result.scalar("smallest_overlap", least);
    result.vector("log_ratio", "stage", all.ratio);
    result.vector("overlap", "stage", all.overlap);
    result.vector("inverse_temperature", "temperature",
                  Eigen::Map<const Eigen::ArrayXd>(ladder.data(), Index(ladder.size())));
    result.headline.emplace_back("smallest_overlap", least);
    return result;
  }

  Params params_;
  Annealing annealing_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<BennettAcceptanceRatio>(
      "bennett_acceptance_ratio", "log Z from draws of neighbouring temperatures, stage by stage",
      "Bennett 1976, J. Comput. Phys. 22:245-268; Shirts, Bair, Hooker & Pande 2003, Phys. Rev. "
      "Lett. 91:140601");
}
