// A mixture of kernels (Tierney 1994, Annals of Statistics 22:1701, section 2.4).
//   K = Σ_k w_k K_k,  w_k >= 0, Σ_k w_k = 1;  π K_k = π for every k gives π K = π
// In every step each chain draws the kernel that moves it, whatever its state; so K is reversible
// where all are.
//
// A kernel adapts after the steps that it has made. It is told how many these are, and that there
// will be the share w_k of warm-up in all; the last step of warm-up is the last for all kernels
// that have moved the chain. Statistics of kernels that did not move are those of their last step.
#include <algorithm>
#include <cmath>
#include <gibbsite/api/nested_kernels.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Mixture final : public Sampler {
 public:
  struct Params {
    std::vector<PluginSpec> kernels;
    std::vector<double> weights;

    void fields(Fields& f) {
      f.plugins("kernels", kernels, Kind::sampler, "the kernels that a step may be made of",
                {.required = true});
      f.reals("weights", weights,
              "how often each kernel is drawn, in proportion; equally often where none are given",
              {.minimum = 0, .above_minimum = true});
    }
  };

  Mixture(const Params& p, const Context& c) : kernels_(p.kernels, c) {
    if (!p.weights.empty() && p.weights.size() != p.kernels.size())
      throw Error(c.subject + ": weights: must be one per kernel (" +
                  std::to_string(p.kernels.size()) + "), got " + std::to_string(p.weights.size()));
    share_ = Eigen::ArrayXd::Ones(kernels_.size());
    std::copy(p.weights.begin(), p.weights.end(), share_.begin());
    share_ /= share_.sum();
  }

  void adapt(Chains& now, Warmup at) const override {
    for (Index c = 0; c < now.x.cols(); ++c)
      for (Index k = 0; k < kernels_.size(); ++k) {
        double& made = now.tuning(k, c);
        const bool moved = now.statistics(0, c) == double(k), last = at.done == at.total;
        made += moved ? 1 : 0;
        if (!moved && !(last && made > 0)) continue;
        const Index total = std::max<Index>(2, std::llround(share_(k) * double(at.total)));
        Chains& all = now.nested[std::size_t(k)];
        Chains own = columns(all, c);
        kernels_[k].adapt(
            own, {.done = last ? total : std::min(Index(made), total - 1), .total = total});
        set_columns(all, c, own);
      }
  }

  std::vector<Statistic> statistics() const override {
    std::vector<Statistic> all = {{"kernel", Statistic::Type::integer}};
    for (Statistic& one : kernels_.statistics()) all.push_back(std::move(one));
    return all;
  }
  bool is_exact() const override { return kernels_.are_exact(); }
  bool keeps_x_alone() const override { return kernels_.keep_x_alone(); }
  bool is_reversible() const override { return kernels_.are_reversible(); }

 private:
  void do_init(Chains& now) const override {
    now.tuning = Table::Zero(kernels_.size(), now.x.cols());  // warm-up steps made by each kernel
  }

  void do_refresh(Chains& now) const override { kernels_.refresh(now); }

  void do_step(Chains& now, Stream random) const override {
    for (Index c = 0; c < now.x.cols(); ++c) {
      Stream draw = random.chains_from(c);
      const Index k = choose(share_.log(), draw);
      Chains& all = now.nested[std::size_t(k)];
      Chains own = columns(all, c);
      step_from(kernels_[k], own, now.x.col(c), random.split(std::uint64_t(k)).chains_from(c));
      set_columns(all, c, own);
      now.x.col(c) = own.x;
      now.statistics(0, c) = double(k);
      now.statistics.block(1 + kernels_.first_statistic(k), c, own.statistics.rows(), 1) =
          own.statistics;
    }
  }

  NestedKernels kernels_;
  Eigen::ArrayXd share_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Mixture>("mixture", "one of several kernels, drawn anew by each chain in each step",
                        "Tierney 1994, Annals of Statistics 22(4):1701-1728");
}
