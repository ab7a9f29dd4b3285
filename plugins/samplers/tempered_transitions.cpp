// Tempered transitions (Neal 1996). Along p_0 = p, p_1 … p_n at falling inverse temperatures, with
// T_i reversible for p_i, the proposal x̌_0 is reached by
//   x̂_0 -T_1-> x̂_1 … -T_n-> x̄_n -T_n-> x̌_{n-1} … -T_1-> x̌_0,
// and accepted with probability min(1, r),
//   ln r = Σ_{i<n} [E_i(x̂_i) - E_{i+1}(x̂_i)] - Σ_{i<n} [E_i(x̌_i) - E_{i+1}(x̌_i)].
// The acceptance falls fast with the distance of the temperatures and with the dimension.
#include <gibbsite/api/energy_path.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class TemperedTransitions final : public Sampler {
 public:
  struct Params {
    EnergyPath::Params path;
    Ladder ladder;
    Index steps = 1;

    void fields(Fields& f) {
      path.fields(f);
      ladder.fields(f);
      f.count("steps", steps, "kernel steps at each temperature, on the way up and down alike");
    }
  };

  TemperedTransitions(const Params& p, const Context& c)
      : path_(p.path, c),
        ladder_(p.ladder.resolve(c.subject, path_.proper_at_0())),
        steps_(p.steps) {
    path_.require_reversible(c.subject);
  }

  void adapt(Chains& now, Warmup at) const override {
    EnergyPath::Walk walk(path_);
    for (std::size_t i = 1; i < ladder_.size(); ++i)
      walk.kernel(ladder_[i]).adapt(now.nested[i - 1], at);
  }

  std::vector<Statistic> statistics() const override { return {{"acceptance_rate"}}; }
  bool is_exact() const override { return path_.is_exact(); }
  bool is_reversible() const override { return true; }

 private:
  // nested[i - 1] is what the kernel at β_i has of its own.
  void do_init(Chains& now) const override {
    EnergyPath::Walk walk(path_);
    for (std::size_t i = 1; i < ladder_.size(); ++i)
      now.nested.push_back(walk.kernel(ladder_[i]).init(now.x));
  }

  void do_step(Chains& now, Stream random) const override {
    EnergyPath::Walk walk(path_);
    Chains proposal;
    proposal.x = now.x;
    Row log_ratio = Row::Zero(now.x.cols());
    std::uint64_t moves = 0;
    const auto move = [&](std::size_t i) {
      for (Index n = 0; n < steps_; ++n) {
        walk.move(ladder_[i], now.nested[i - 1], proposal.x, random.split(moves++));
        proposal.x = now.nested[i - 1].x;
      }
    };
    for (std::size_t i = 0; i + 1 < ladder_.size(); ++i) {
      log_ratio += walk.difference(proposal.x, ladder_[i], ladder_[i + 1]);
      move(i + 1);
    }
    for (std::size_t i = ladder_.size() - 1; i > 0; --i) {
      move(i);
      log_ratio -= walk.difference(proposal.x, ladder_[i - 1], ladder_[i]);
    }
    metropolis(now, proposal, log_ratio, random);
    now.statistics.row(0) = log_ratio.isNaN().select(0.0, log_ratio.min(0.0).exp());
  }

  EnergyPath path_;
  std::vector<double> ladder_;
  Index steps_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<TemperedTransitions>("tempered_transitions",
                                    "proposals by a walk to a high temperature and back",
                                    "Neal 1996, Statistics and Computing 6:353-366");
}
