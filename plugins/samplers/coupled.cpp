// Two Gibbs chains with lag 1 that meet (Glynn & Rhee 2014, J. Appl. Probab. 51A:377; Jacob,
// O'Leary & Atchadé 2020). X and Y start alike, X moves first, and from then on both move together,
// each by the same kernel: (X_t, Y_{t-1}) -> (X_{t+1}, Y_t), by maximal couplings
// (api/coupled_gibbs.hpp). At τ = min{t: X_t = Y_{t-1}} the chains have met, and stay together. For
// k >= 0
//   H_k = f(X_k) + Σ_{t=k+1}^{τ-1} [f(X_t) - f(Y_{t-1})]
// then has the mean of f under the model. On bipartite models the kernel is block Gibbs, each layer
// coupled as a whole (Qiu, Zhang & Wang 2020); on others Gibbs in turn, coupled at every
// coordinate. x is X, whose steps are bit by bit those of block_gibbs or gibbs; nested[0].x is Y.
#include <gibbsite/api/coupled_gibbs.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Coupled final : public Sampler {
 public:
  struct Params {
    void fields(Fields&) {}
  };

  Coupled(const Params&, const Context& c) : kernel_(*c.model, c.subject) {}

  std::vector<Statistic> statistics() const override {
    return {{"met", Statistic::Type::boolean}, {"meeting_time", Statistic::Type::integer}};
  }
  bool is_reversible() const override { return kernel_.is_reversible(); }

 private:
  // Rows of aux: steps until the chains met, or so far; whether they have met.
  static constexpr Index steps = 0, met = 1;

  void do_init(Chains& now) const override {
    now.aux = Batch::Zero(2, now.x.cols());
    now.nested.resize(1);
    now.nested[0].x = now.x;
  }

  void do_step(Chains& now, Stream random) const override {
    Batch& y = now.nested[0].x;
    kernel_.step(now.x, y, still_apart(now), random);
    for (Index c = 0; c < now.x.cols(); ++c) {
      if (now.aux(met, c) == 1) {
        y.col(c) = now.x.col(c);
        continue;
      }
      now.aux(steps, c) += 1;
      now.aux(met, c) = now.x.col(c) == y.col(c) ? Real(1) : Real(0);
    }
    now.statistics.row(0) = now.aux.row(met).cast<double>().array();
    now.statistics.row(1) =
        now.aux.row(met).cwiseProduct(now.aux.row(steps)).cast<double>().array();
  }

  // Chains in which Y moves too: X is ahead, and has not been caught up with.
  static std::vector<Index> still_apart(const Chains& now) {
    std::vector<Index> all;
    for (Index c = 0; c < now.x.cols(); ++c)
      if (now.aux(steps, c) > 0 && now.aux(met, c) == 0) all.push_back(c);
    return all;
  }

  CoupledGibbs kernel_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Coupled>("coupled",
                        "two Gibbs chains, one step apart, that meet by maximal coupling",
                        "Jacob, O'Leary & Atchadé 2020, J. R. Stat. Soc. B 82:543-600");
}
