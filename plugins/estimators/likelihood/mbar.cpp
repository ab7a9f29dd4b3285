// The multistate Bennett acceptance ratio (Shirts & Chodera 2008): draws x_n of all temperatures
// β_0 = 0 … β_T = 1 of E_β = (1-β) E_base + β E together, N_k of each, solve
//   Z_k = Σ_n e^{-E_k(x_n)} / Σ_j N_j e^{-E_j(x_n)} / Z_j  for all k at once, Z_0 known.
// They come from independent runs of parallel tempering along the ladder, with exact draws at
// β = 0, and are thinned by the autocorrelation of dE_β/dβ's integral E_base - E at every
// temperature, after which the covariance of ln Z_k has a closed form. It takes replicas that trade
// places for independent ones, so the standard error is that between runs: each adds up the
// influence of its own draws.
#include <gibbsite/api/kept_ladder.hpp>
#include <gibbsite/api/replica_exchange.hpp>
#include <gibbsite/core/diagnostics.hpp>
#include <gibbsite/core/multistate.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

constexpr double least_overlap = .03;  // of neighbours (Klimovich, Shirts & Mobley 2015)
constexpr double least_draws = 20, most_excess = 4;
constexpr double most_numbers = 1e8;

class Mbar final : public Evaluation {
 public:
  struct Params {
    AnnealingParams annealing{.temperatures = 10};
    Index runs = 8, warmup = 100, draws = 200, thin = 5;
    double tolerance = 1e-10;
    bool per_observation = true;

    void fields(Fields& f) {
      annealing.fields(f);
      f.integer("runs", runs, "independent runs of parallel tempering", {.minimum = 2});
      f.integer("warmup", warmup, "moves of all replicas before the first draw");
      f.integer("draws", draws, "draws of each run at each temperature", {.minimum = 4});
      f.count("thin", thin, "moves, each followed by exchanges of neighbours, between draws");
      f.positive("tolerance", tolerance, "largest change of a ln Z that counts as none");
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
    }
  };

  Mbar(const Params& p, const Context& c) : params_(p), annealing_(p.annealing, c) {
    const double K = double(p.annealing.temperatures) + 1,
                 numbers = double(p.runs) * double(p.draws) * K * K;
    if (numbers > most_numbers)
      throw Error(c.subject + ": runs · draws · (temperatures + 1)² must be at most 10^8, got " +
                  number_text(numbers));
  }

  Result evaluate(const Input& given) const override {
    KeptLadder kept(annealing_, given);
    const Input input = kept.input();
    const auto& ladder = kept.betas();
    const Index K = Index(ladder.size()), R = params_.runs;
    const Index warmup = params_.warmup, thin = params_.thin, total = warmup + params_.draws * thin;
    const ReplicaExchange replicas(annealing_, ladder, R);
    Saved& saved = input.saved;
    saved.numbers.resize(std::size_t(K * K * R * params_.draws));
    while (Index(saved.position) < total) {
      const Index first = Index(saved.position), last = std::min(total, first + total / 100 + 1);
      replicas.sweep(
          saved, first, last, input.random.split("sweeps"),
          [&](const Annealing::Walker& walker, Index m, Index k, const Batch& x, Index run) {
            if (m < warmup || (m - warmup + 1) % thin != 0) return;
            // E_0 - E_j of this draw for all j; draws stand run by run, in those temperature by
            // temperature.
            double* at = saved.numbers.data() + ((m - warmup) / thin * R + run) * K * K + k * K;
            for (Index j = 0; j < K; ++j)
              Eigen::Map<Row, 0, Eigen::InnerStride<>>(at + j, x.cols(),
                                                       Eigen::InnerStride<>(K * K)) =
                  walker.log_weight(x, 0, ladder[std::size_t(j)]);
          });
      saved.position = std::uint64_t(last);
      input.desk.report(double(last), double(total), "parallel tempering");
    }
    return conclude(saved, ladder);
  }

 private:
  // Draws that count as independent, temperature by temperature, and the run of each.
  struct Pool {
    Eigen::ArrayXXd log_q;
    Eigen::ArrayXd counts;
    std::vector<Index> run, law;
  };
  Pool pool(const Saved& saved, Index K) const {
    const Index R = params_.runs;
    const Eigen::Map<const Eigen::ArrayXXd> all(saved.numbers.data(), K, K * R * params_.draws);
    Pool out{.counts = Eigen::ArrayXd::Zero(K)};
    std::vector<Index> chosen;
    for (Index k = 0; k < K; ++k) {
      Eigen::ArrayXXd series(params_.draws, R);
      for (Index d = 0; d < params_.draws; ++d)
        for (Index r = 0; r < R; ++r) series(d, r) = all(K - 1, (d * R + r) * K + k);
      const double ess = ess_basic(series);  // NaN where all are equal
      const Index every = std::isnan(ess) ? 1 : Index(std::ceil(double(series.size()) / ess - .01));
      for (Index d = 0; d < params_.draws; d += std::clamp(every, Index{1}, params_.draws))
        for (Index r = 0; r < R; ++r) {
          chosen.push_back((d * R + r) * K + k);
          out.run.push_back(r);
          out.law.push_back(k);
          out.counts(k) += 1;
        }
    }
    out.log_q = all(Eigen::all, chosen);
    return out;
  }

  Result conclude(const Saved& saved, const std::vector<double>& ladder) const {
    const Index K = Index(ladder.size()), last = K - 1, R = params_.runs;
    const Pool from = pool(saved, K);
    const MultistateRatios all = multistate_ratios(from.log_q, from.counts, params_.tolerance);
    const Eigen::ArrayXd log_z = annealing_.log_partition_at_0() + all.log_ratio;
    const double error = multistate_influence(all, from.law, from.run, R).row(last).norm() *
                         std::sqrt(double(R) / double(R - 1));
    const double expected = std::sqrt(std::max(all.covariance(last, last), 0.));
    const Eigen::ArrayXd shared = all.overlap.diagonal(1).array();
    const double least = shared.minCoeff<Eigen::PropagateNaN>();
    const std::string warning =
        judge(all.converged, least, from.counts.minCoeff(), error / (expected + 1e-9));
    Result result =
        log_partition_result(annealing_.context(), estimate_of_runs(log_z(last), error, R, warning),
                             params_.per_observation);
    result.vector("inverse_temperature", "temperature",
                  Eigen::Map<const Eigen::ArrayXd>(ladder.data(), K));
    result.vector("log_partition_at", "temperature", log_z);
    result.vector("independent_draws", "temperature", from.counts);
    for (const auto& [name, matrix] :
         {std::pair{"covariance", &all.covariance}, {"overlap", &all.overlap}}) {
      const auto rows = matrix->transpose().reshaped();
      result.variables.push_back(
          {name, {"temperature", "other_temperature"}, {K, K}, {rows.begin(), rows.end()}});
    }
    result.scalar("asymptotic_standard_error", expected);
    result.scalar("smallest_overlap", least);
    result.headline.emplace_back("smallest_overlap", least);
    return result;
  }

  std::string judge(bool solved, double overlap, double draws, double excess) const {
    const auto rounded = [](double x) { return number_text(std::round(100 * x) / 100); };
    if (!annealing_.caveat().empty()) return annealing_.caveat();
    if (!(overlap >= least_overlap))
      return "neighbouring temperatures hardly overlap (" + rounded(overlap) +
             "): use more of them";
    if (!solved) return "the equations for ln Z were not solved to the tolerance";
    if (draws < least_draws)
      return "only " + rounded(draws) +
             " draws of a temperature count as independent: use more draws";
    if (!(excess < most_excess))
      return "runs differ " + rounded(excess) +
             " times as much as their draws explain: replicas do not mix";
    return "";
  }

  Params params_;
  Annealing annealing_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Mbar>("mbar", "log Z from all temperatures of parallel tempering together",
                     "Shirts & Chodera 2008, J. Chem. Phys. 129:124105");
}
