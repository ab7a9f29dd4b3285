// Parallel tempering (Geyer 1991; Hukushima & Nemoto 1996, J. Phys. Soc. Japan 65:1604): replicas
// x_k at inverse temperatures 1 = β_1 > … > β_K with the product law Π e^{-E_k(x_k)}/Z_k,
// E_k = β_k E or (1-β_k) E_base + β_k E. Each step moves every replica by a kernel of its own law,
// then exchanges neighbours with probability min(1, e^Δ),
//   Δ = E_k(x_k) + E_{k+1}(x_{k+1}) - E_k(x_{k+1}) - E_{k+1}(x_k),
// in the pairs (1,2), (3,4) … and (2,3), (4,5) … by turns (Okabe et al. 2001, Chem. Phys. Lett.
// 335:435), which keeps replicas on their way. x is the replica at β_1.
//
// In warm-up each chain moves its ladder so that all pairs reject alike (Syed et al. 2022), after
// rounds that end at 1/2, 1/4, 1/8 … of it; kernels adapt to the final ladder in the second half.
// The sum of the mean rejections since the ladder's last change estimates the barrier Λ.
//
// What is invariant is the product law: x alone, with replicas started as its copies, is stationary
// only once they are.
#include <gibbsite/api/energy_path.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

constexpr Index shortest_round = 20;

class ParallelTempering final : public Sampler {
 public:
  struct Params {
    EnergyPath::Params path;
    Ladder ladder;
    Index steps = 1;
    bool adapt = true;

    void fields(Fields& f) {
      path.fields(f);
      ladder.fields(f);
      f.count("steps", steps, "kernel steps of every replica between two exchanges");
      f.flag("adapt", adapt, "equalise the rejection rates of each chain's pairs in warm-up");
    }
  };

  ParallelTempering(const Params& p, const Context& c)
      : path_(p.path, c),
        ladder_(p.ladder.resolve(c.subject, path_.proper_at_0())),
        pairs_(Index(ladder_.size()) - 1),
        steps_(p.steps),
        adapts_(p.adapt) {}

  void adapt(Chains& now, Warmup at) const override {
    each_level(now,
               [&](const Sampler& kernel, Chains& replica, Index) { kernel.adapt(replica, at); });
    bool ends_round = false;
    for (Index end = at.total / 2; end >= shortest_round; end /= 2)
      ends_round = ends_round || at.done == end;
    if (!adapts_ || !ends_round) return;
    const Table rejection = now.aux.middleRows(rejected(), pairs_).cast<double>().array();
    for (Index c = 0; c < now.x.cols(); ++c) {
      const Eigen::ArrayXd betas = now.tuning.col(c).tail(pairs_ + 1);
      now.tuning.col(c).tail(pairs_ + 1) = Ladder::equalised(betas, rejection.col(c));
    }
    now.tuning.row(0) += 1;
    do_refresh(now);
  }

  std::vector<Statistic> statistics() const override {
    std::vector<Statistic> all = {{"round_trips", Statistic::Type::integer},
                                  {"barrier"},
                                  {"replica", Statistic::Type::integer}};
    for (Index k = 1; k <= pairs_; ++k) all.push_back({"swap_rate_" + std::to_string(k)});
    for (Statistic& one : path_.statistics()) all.push_back(std::move(one));
    return all;
  }
  bool is_exact() const override { return path_.is_exact(); }
  bool keeps_x_alone() const override { return false; }

 private:
  // Rows of aux: whether the odd pairs or the even ones are next, the ladder that rates belong to,
  // completed round trips; the number of the replica at each β, and whether it was at β_K since it
  // was at β_1; per pair the mean rejection and the attempts. Rows of tuning: the number of ladders
  // so far, β_k.
  static constexpr Index turn = 0, rated = 1, trips = 2, number = 3;
  Index was_low() const { return number + pairs_ + 1; }
  Index rejected() const { return was_low() + pairs_ + 1; }
  Index tried() const { return rejected() + pairs_; }

  void do_init(Chains& now) const override {
    now.aux = Batch::Zero(tried() + pairs_, now.x.cols());
    now.tuning = Table::Zero(pairs_ + 2, now.x.cols());
    for (Index k = 0; k <= pairs_; ++k) {
      now.aux.row(number + k).setConstant(Real(k));
      now.tuning.row(1 + k).setConstant(ladder_[std::size_t(k)]);
    }
  }

  void do_refresh(Chains& now) const override {
    if (now.nested.empty()) {
      EnergyPath::Walk walk(path_);
      for (const double beta : ladder_) now.nested.push_back(walk.kernel(beta).init(now.x));
    } else {
      now.nested[0].x = now.x;
      each_level(now, [](const Sampler& kernel, Chains& inner, Index) { kernel.refresh(inner); });
    }
    show_first(now);
  }

  void each_level(Chains& now, const EnergyPath::Walk::Action& action) const {
    EnergyPath::Walk walk(path_);
    for (Index k = 0; k <= pairs_; ++k)
      walk.each(now.tuning.row(1 + k), now.nested[std::size_t(k)], action);
  }

  void do_step(Chains& now, Stream random) const override {
    EnergyPath::Walk walk(path_);
    for (Index k = 0; k <= pairs_; ++k) {
      const Stream moves = random.split("moves").split(std::uint64_t(k));
      walk.each(now.tuning.row(1 + k), now.nested[std::size_t(k)],
                [&](const Sampler& kernel, Chains& replica, Index first) {
                  for (Index n = 0; n < steps_; ++n)
                    kernel.step(replica, moves.split(std::uint64_t(n)).chains_from(first));
                });
    }
    for (Index c = 0; c < now.x.cols(); ++c)
      if (double(now.aux(rated, c)) != now.tuning(0, c)) {
        now.aux.col(c).tail(2 * pairs_).setZero();
        now.aux(rated, c) = Real(now.tuning(0, c));
      }
    for (Index k = 0; k < pairs_; ++k)
      exchange(now, k, walk, random.split("exchange").split(std::uint64_t(k)));
    now.aux.row(turn) = Batch::Ones(1, now.x.cols()) - now.aux.row(turn);
    now.aux.row(was_low() + pairs_).setOnes();
    now.aux.row(trips) += now.aux.row(was_low());
    now.aux.row(was_low()).setZero();
    show_first(now);
    report(now);
  }

  // Tries the pair k, k + 1 (from 0) of the chains whose turn it is.
  void exchange(Chains& now, Index k, EnergyPath::Walk& walk, const Stream& random) const {
    const auto is_on = [&](Index c) { return now.aux(turn, c) == Real(k % 2); };
    if ((now.aux.row(turn).array() != Real(k % 2)).all()) return;
    Chains &one = now.nested[std::size_t(k)], &two = now.nested[std::size_t(k + 1)];
    const Row beta = now.tuning.row(1 + k), next = now.tuning.row(2 + k);
    const Row log_ratio = walk.difference(one.x, beta, next) - walk.difference(two.x, beta, next);
    const Row rate = log_ratio.isNaN().select(0.0, log_ratio.min(0.0).exp());
    std::vector<Index> moved;
    for (Index c = 0; c < rate.size(); ++c) {
      Stream own = random.chains_from(c);
      if (!is_on(c)) continue;
      Real &mean = now.aux(rejected() + k, c), &count = now.aux(tried() + k, c);
      count += 1;
      mean += (Real(1 - rate(c)) - mean) / count;
      now.statistics(3 + k, c) = rate(c);
      if (!accept(log_ratio(c), own)) continue;
      one.x.col(c).swap(two.x.col(c));
      for (const Index row : {number + k, was_low() + k})
        std::swap(now.aux(row, c), now.aux(row + 1, c));
      moved.push_back(c);
    }
    renew(one, moved, beta, walk);
    renew(two, moved, next, walk);
  }

  // What the kernels at β keep of the chosen x; that of the others stays as it is, to the last bit.
  static void renew(Chains& replica, const std::vector<Index>& chosen, const Row& beta,
                    EnergyPath::Walk& walk) {
    if (chosen.empty()) return;
    Chains part = columns(replica, chosen);
    walk.each(beta(chosen), part,
              [](const Sampler& kernel, Chains& inner, Index) { kernel.refresh(inner); });
    set_columns(replica, chosen, part);
  }

  static void show_first(Chains& now) {
    now.x = now.nested[0].x;
    now.energy = now.nested[0].energy;
    now.gradient = now.nested[0].gradient;
  }

  void report(Chains& now) const {
    now.statistics.row(0) = now.aux.row(trips).cast<double>().array();
    // One row after the other: Eigen's own sum over rows rounds by how many columns there are.
    now.statistics.row(1).setZero();
    for (Index k = 0; k < pairs_; ++k)
      now.statistics.row(1) += now.aux.row(rejected() + k).cast<double>().array();
    now.statistics.row(2) = now.aux.row(number).cast<double>().array();
    now.statistics.bottomRows(now.nested[0].statistics.rows()) = now.nested[0].statistics;
  }

  EnergyPath path_;
  std::vector<double> ladder_;
  Index pairs_, steps_;
  bool adapts_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ParallelTempering>(
      "parallel_tempering", "replicas at several temperatures that trade places with neighbours",
      "Syed, Bouchard-Côté, Deligiannidis & Doucet 2022, J. R. Stat. Soc. B 84:321-350");
}
