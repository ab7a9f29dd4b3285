// Iterated conditional sequential Monte Carlo (Andrieu, Doucet & Holenstein 2010, J. R. Stat. Soc.
// B 72:269) on the path E_t = (1-β_t) E_base + β_t E, β_t = t/T. A sampler of Del Moral, Doucet &
// Jasra (2006, ibid. 68:411) with kernels K_t reversible for p_t ∝ e^{-E_t} has the extended target
//   p_T(x_{T-1}) Π_{t=1}^{T-1} K_t(x_t, x_{t-1}),  weights w_t = e^{E_{t-1}(x_{t-1}) -
//   E_t(x_{t-1})},
// in which K_t, being reversible, is its own backward kernel (and w_T takes p_{T-1} to p_T). So
//   1. the past of x = x_{T-1} is drawn exactly: x_{t-1} ~ K_t(x_t, ·), t = T-1 … 1;
//   2. with this path retained as particle 1, N-1 others start from the base; before each K_t they
//      draw ancestors among all N in proportion to w_t (multinomial conditional resampling);
//   3. the new x is one of the N last particles, drawn in proportion to w_T.
// p_T is left invariant for any N >= 2 and T, and reversibly (Chopin & Singh 2015, Bernoulli
// 21:1855). Under p_T the reciprocal of the pass's Ẑ = Z_0 Π_t mean_n w_t has the mean 1/Z; Ẑ
// itself is high on average.
#include <gibbsite/api/energy_path.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class SequentialMonteCarlo final : public Sampler {
 public:
  struct Params {
    EnergyPath::Params path{.base = "uniform"};
    Index temperatures = 10;
    Index particles = 10;

    void fields(Fields& f) {
      path.fields(f, {"uniform", "data"});
      f.count("temperatures", temperatures, "number T of even steps from β = 0 to 1");
      f.integer("particles", particles, "number N of particles, the retained one among them",
                {.minimum = 2});
    }
  };

  SequentialMonteCarlo(const Params& p, const Context& c)
      : path_(p.path, c),
        log_z0_(path_.log_partition_at_0()),
        last_(p.temperatures),
        particles_(std::size_t(p.particles)) {
    path_.require_reversible(c.subject);
  }

  void adapt(Chains& now, Warmup at) const override {
    EnergyPath::Walk walk(path_);
    for (Index t = 1; t < last_; ++t)
      walk.kernel(beta(t)).adapt(now.nested[std::size_t(t - 1)], at);
  }

  std::vector<Statistic> statistics() const override {
    return {{"moved", Statistic::Type::boolean}, {"log_partition"}, {"min_effective_sample_size"}};
  }
  bool is_exact() const override { return path_.is_exact(); }
  bool is_reversible() const override { return true; }

 private:
  double beta(Index t) const { return double(t) / double(last_); }

  // nested[t - 1] is what K_t has of its own; it stands at the retained particle.
  void do_init(Chains& now) const override {
    EnergyPath::Walk walk(path_);
    for (Index t = 1; t < last_; ++t) now.nested.push_back(walk.kernel(beta(t)).init(now.x));
  }

  void do_step(Chains& now, Stream random) const override {
    EnergyPath::Walk walk(path_);
    const std::vector<Batch> retained = past(now, walk, random.split("past"));
    std::vector<Batch> x(particles_, retained[0]);
    for (std::size_t n = 1; n < particles_; ++n)
      path_.base()->draw(random.split("start").split(n), x[n]);
    now.statistics.row(1).setConstant(log_z0_);
    now.statistics.row(2).setConstant(double(particles_));
    for (Index t = 1;; ++t) {
      const Table log_weights = weigh(x, t, walk, now.statistics);
      const Stream choices = random.split("choices").split(std::uint64_t(t));
      if (t == last_) {
        for (Index c = 0; c < now.x.cols(); ++c) {
          Stream own = choices.chains_from(c);
          const auto& chosen = x[draw(log_weights.col(c), own)].col(c);
          now.statistics(0, c) = chosen == now.x.col(c) ? 0 : 1;
          now.x.col(c) = chosen;
        }
        return;
      }
      resample(x, log_weights, choices);
      x[0] = retained[std::size_t(t)];
      const Stream moves = random.split("moves").split(std::uint64_t(t));
      for (std::size_t n = 1; n < particles_; ++n) {
        Chains particle = now.nested[std::size_t(t - 1)];
        walk.move(beta(t), particle, x[n], moves.split(n));
        x[n] = particle.x;
      }
    }
  }

  // x_0 … x_{T-1} with x_{T-1} = x.
  std::vector<Batch> past(Chains& now, EnergyPath::Walk& walk, const Stream& random) const {
    std::vector<Batch> x(std::size_t(last_), now.x);
    for (std::size_t t = x.size() - 1; t > 0; --t) {
      walk.move(beta(Index(t)), now.nested[t - 1], x[t], random.split(t));
      x[t - 1] = now.nested[t - 1].x;
    }
    return x;
  }

  // ln w_t, particles x chains; a NaN is no weight at all. Updates ln Ẑ and the smallest ESS.
  Table weigh(const std::vector<Batch>& x, Index t, const EnergyPath::Walk& walk,
              Table& statistics) const {
    Table log_weights(Index(x.size()), x[0].cols());
    for (std::size_t n = 0; n < x.size(); ++n)
      log_weights.row(Index(n)) = walk.difference(x[n], beta(t - 1), beta(t));
    log_weights = log_weights.isNaN().select(-std::numeric_limits<double>::infinity(), log_weights);
    for (Index c = 0; c < x[0].cols(); ++c) {
      const double total = log_sum_exp(log_weights.col(c));
      const double ess = std::exp(2 * total - log_sum_exp(2 * log_weights.col(c)));
      statistics(1, c) += total - std::log(double(x.size()));
      statistics(2, c) = ess < statistics(2, c) ? ess : statistics(2, c);
    }
    return log_weights;
  }

  // A particle in proportion to its weight; the retained one where none has any.
  static std::size_t draw(const Eigen::Ref<const Eigen::ArrayXd>& log_weights, Stream& random) {
    return std::isfinite(log_weights.maxCoeff()) ? std::size_t(choose(log_weights, random)) : 0;
  }

  static void resample(std::vector<Batch>& x, const Table& log_weights, const Stream& random) {
    const std::vector<Batch> before = x;
    for (Index c = 0; c < x[0].cols(); ++c) {
      Stream own = random.chains_from(c);
      for (std::size_t n = 1; n < x.size(); ++n)
        x[n].col(c) = before[draw(log_weights.col(c), own)].col(c);
    }
  }

  EnergyPath path_;
  double log_z0_;
  Index last_;  ///< T
  std::size_t particles_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<SequentialMonteCarlo>(
      "sequential_monte_carlo", "annealed particles around a retained one, the chain's own",
      "Andrieu, Doucet & Holenstein 2010, J. R. Stat. Soc. B 72:269-342");
}
