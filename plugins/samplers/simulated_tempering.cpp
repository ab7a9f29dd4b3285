// Simulated tempering (Marinari & Parisi 1992, Europhys. Lett. 19:451; Geyer & Thompson 1995): the
// joint law π(x, k) ∝ e^{g_k - E_k(x)} over levels 1 = β_1 > … > β_K. One step is an excursion,
//   M L M L … M L M,
// M a move of x by a kernel reversible for the law of the present level, L a Metropolis move of k
// to a neighbour, that begins at β_1 and ends at the first L after which the level is β_1 again,
// and the M that follows. So every x that is seen is at β_1, where its law is the model's.
//
// An excursion that is not back after n = `most_updates` level moves is undone: x stays. This is
// exact. The word of moves reads the same backwards, and M and L are reversible for π; so the path
// x → y with its levels has the same weight under π as its reverse, which begins and ends at β_1,
// is nowhere at β_1 between two L, and is as long. Paths of at most n level moves alone thus give a
// kernel symmetric under π(x, 1), and what they lack stays at x, which is symmetric too.
//
// In warm-up the pseudo-priors are learnt by stochastic approximation (Liang, Liu & Carroll 2007,
// J. Am. Stat. Assoc. 102:305; gain of Tan 2017, J. Comput. Graph. Stat. 26:54): after an excursion
// of m level moves, v_k of them to level k, g_k ← g_k - min(1, K / t^.8) (v_k - m/K), t the moves
// so far, changes of more than 1 scaled down to it.
#include <gibbsite/api/energy_path.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class SimulatedTempering final : public Sampler {
 public:
  struct Params {
    EnergyPath::Params path;
    Ladder ladder;
    Index most_updates = 1000;
    bool adapt = true;

    void fields(Fields& f) {
      path.fields(f);
      ladder.fields(f);
      f.count("most_updates", most_updates,
              "level moves after which an excursion that is not back at β = 1 is undone");
      f.flag("adapt", adapt, "learn pseudo-priors of the levels in warm-up; else all are alike");
    }
  };

  SimulatedTempering(const Params& p, const Context& c)
      : path_(p.path, c),
        ladder_(p.ladder.resolve(c.subject, path_.proper_at_0())),
        size_(Index(ladder_.size())),
        most_updates_(p.most_updates),
        adapts_(p.adapt) {
    path_.require_reversible(c.subject);
  }

  // Kernels adapt after steps that called them; the last step of warm-up is the last for all that
  // were ever called.
  void adapt(Chains& now, Warmup at) const override {
    EnergyPath::Walk walk(path_);
    for (Index c = 0; c < now.x.cols(); ++c) {
      for (Index k = 0; k < size_; ++k) {
        const double visits = double(now.aux(k, c)) + (k == 0 ? 1 : 0);
        double& made = now.tuning(adaptations() + k, c);
        const bool last = at.done == at.total;
        if (visits == 0 && !(last && made > 0)) continue;
        made += 1;
        Chains own = columns(now.nested[std::size_t(k)], c);
        // A level's own count of steps, so that the windows of its kernel close.
        const Warmup here{last ? at.total : std::min(Index(made), at.total - 1), at.total};
        walk.kernel(ladder_[std::size_t(k)]).adapt(own, here);
        set_columns(now.nested[std::size_t(k)], c, own);
      }
      if (adapts_) learn(now, c);
    }
  }

  std::vector<Statistic> statistics() const override {
    return {{"n_steps", Statistic::Type::integer},
            {"deepest", Statistic::Type::integer},
            {"returned", Statistic::Type::boolean}};
  }
  bool is_exact() const override { return path_.is_exact(); }
  bool is_reversible() const override { return true; }

 private:
  // Rows of aux: level moves of the last excursion that led to each level. Rows of tuning: g_k,
  // excursions after which the kernel of each level adapted, all level moves.
  Index adaptations() const { return size_; }

  void do_init(Chains& now) const override {
    now.aux = Batch::Zero(size_, now.x.cols());
    now.tuning = Table::Zero(2 * size_ + 1, now.x.cols());
    EnergyPath::Walk walk(path_);
    for (const double beta : ladder_) now.nested.push_back(walk.kernel(beta).init(now.x));
  }

  void do_step(Chains& now, Stream random) const override {
    EnergyPath::Walk walk(path_);
    for (Index c = 0; c < now.x.cols(); ++c) {
      Chains own = columns(now, c);
      excursion(own, walk, random.chains_from(c));
      set_columns(now, c, own);
    }
  }

  void excursion(Chains& now, EnergyPath::Walk& walk, const Stream& random) const {
    Batch x = now.x;
    Index level = 0, deepest = 0, updates = 0;
    Stream levels = random.split("levels");
    const auto move = [&] {
      Chains& inner = now.nested[std::size_t(level)];
      walk.move(ladder_[std::size_t(level)], inner, x, random.split(std::uint64_t(updates)));
      x = inner.x;
    };
    now.aux.setZero();
    move();
    do {
      level = next_level(level, x, now.tuning, walk, levels);
      deepest = std::max(deepest, level);
      now.aux(level, 0) += 1;
      ++updates;
      move();
    } while (level != 0 && updates < most_updates_);
    if (level == 0) now.x = x;
    now.statistics.col(0) << double(updates), double(deepest), level == 0 ? 1.0 : 0.0;
  }

  // The neighbours are proposed alike; at the ends there is but one.
  Index next_level(Index from, const Batch& x, const Table& tuning, const EnergyPath::Walk& walk,
                   Stream& random) const {
    const auto neighbours = [&](Index k) { return k == 0 || k == size_ - 1 ? 1 : 2; };
    Index to = from == 0 ? 1 : from - 1;
    if (neighbours(from) == 2 && random.below(2, 1)(0) == 1) to = from + 1;
    const double log_ratio =
        walk.difference(x, ladder_[std::size_t(from)], ladder_[std::size_t(to)])(0) +
        tuning(to, 0) - tuning(from, 0) +
        std::log(double(neighbours(from)) / double(neighbours(to)));
    return accept(log_ratio, random) ? to : from;
  }

  void learn(Chains& now, Index c) const {
    const Eigen::ArrayXd visits = now.aux.col(c).cast<double>().array();
    double& moves = now.tuning(2 * size_, c);
    moves += visits.sum();
    Eigen::ArrayXd change = std::min(1.0, double(size_) / std::pow(moves, .8)) *
                            (visits - visits.sum() / double(size_));
    change /= std::max(1.0, change.abs().maxCoeff());
    now.tuning.col(c).head(size_) -= change - change(0);
  }

  EnergyPath path_;
  std::vector<double> ladder_;
  Index size_, most_updates_;
  bool adapts_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<SimulatedTempering>("simulated_tempering",
                                   "excursions through temperatures that end at the model's own",
                                   "Geyer & Thompson 1995, J. Am. Stat. Assoc. 90:909-920");
}
