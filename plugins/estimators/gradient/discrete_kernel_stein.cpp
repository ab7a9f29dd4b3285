// Kernel Stein discrepancy on discrete coordinates (Yang, Liu, Rao & Neville 2018). With ¬_i x, x
// with its i-th state replaced by the next one in a ring of all, and ⨼_i its inverse,
//   s(x)_i = 1 - p(¬_i x)/p(x),  Δ*_i f(x) = f(x) - f(⨼_i x),
//   u(x, y) = Σ_i [s(x)_i s(y)_i k - s(x)_i Δ*_{y,i} k - s(y)_i Δ*_{x,i} k + Δ*_{x,i} Δ*_{y,i} k],
//   KSD² = E[u(x, y)] over independent observations, by the mean over all pairs of an update, and
//   k(x, y) = exp(-(share of coordinates where x and y differ) / h);  h = 1 in the paper.
// J = -KSD²; dJ/dθ = Σ_n,i r_ni (1 - s_ni) (∂E(x_n)/∂θ - ∂E(¬_i x_n)/∂θ), r_ni = dKSD²/ds(x_n)_i.
// An update of a single observation pairs it with the one before, unless pairs of each observation
// with itself count. Per observation of d coordinates: 1 + d energies and parameter gradients and
// the kernel with all other observations.
#include <cmath>
#include <gibbsite/api/batch_sums.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class DiscreteKernelStein final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    double bandwidth = 1;
    bool v_statistic = false;

    void fields(Fields& f) {
      f.positive("bandwidth", bandwidth,
                 "share h of the coordinates over which the kernel falls off");
      f.flag("v_statistic", v_statistic,
             "count the pair of each observation with itself too: biased, but never below 0");
    }
  };

  DiscreteKernelStein(const Params& p, const Context& c)
      : v_statistic_(p.v_statistic),
        model_(*c.model),
        parametric_(c.require<Parametric>()),
        workers_(*c.workers) {
    const Domain& domain = model_.domain();
    if (!domain.is_discrete())
      throw Error(c.subject + ": needs a model on discrete coordinates, got " + domain.text());
    for (Index i = 0; i < domain.dim(); ++i) units_.push_back(domain.site(i));
    factor_ = std::exp(-1 / (double(domain.dim()) * p.bandwidth));
  }

  GradientEstimate estimate(const BatchView& batch, Saved& saved, Stream) const override {
    const Batch data = v_statistic_ ? Batch(batch) : with_partner(batch, saved);
    const Index observations = data.cols(), d = data.rows();
    if (observations < 2 && !v_statistic_)
      return {.ascent = Parameters::Zero(parametric_.parameters().size())};
    require_inside(model_.domain(), data);
    const Eigen::ArrayXXd s = scores(data);
    const Batch before = moved(data, -1);
    const double partners = double(observations - (v_statistic_ ? 0 : 1));
    const double scale = 1 / (double(observations) * partners);
    const auto add = [&](Index first, Index count, double& objective, Parameters& ascent) {
      for (Index n = first; n < first + count; ++n) {
        Eigen::ArrayXd r = Eigen::ArrayXd::Zero(d);
        for (Index m = 0; m < observations; ++m)
          if (m != n || v_statistic_) objective -= scale * pair(data, before, s, n, m, r);
        const Row weights = 2 * scale * (r * (1 - s.col(n))).transpose();
        add_weighted_gradient(parametric_, next(data.col(n)), -weights, ascent);
        parametric_.parameter_gradient(data.col(n), Row::Constant(1, weights.sum()), ascent);
      }
    };
    return sum_over_blocks(observations, parametric_, workers_, add);
  }

 private:
  // u(x_n, x_m); adds its derivatives by s(x_n) to r.
  double pair(const BatchView& x, const Batch& before, const Eigen::ArrayXXd& s, Index n, Index m,
              Eigen::ArrayXd& r) const {
    const double k = std::pow(factor_, double((x.col(n).array() != x.col(m).array()).count()));
    double sum = 0;
    for (Index i = 0; i < x.rows(); ++i) {
      // The kernel with ⨼_i at one of the two; at both it is k again.
      const int apart = x(i, n) != x(i, m);
      const double at_m = k * std::pow(factor_, int(x(i, n) != before(i, m)) - apart);
      const double at_n = k * std::pow(factor_, int(before(i, n) != x(i, m)) - apart);
      r(i) += s(i, m) * k - (k - at_m);
      sum +=
          s(i, n) * s(i, m) * k - s(i, n) * (k - at_m) - s(i, m) * (k - at_n) + 2 * k - at_m - at_n;
    }
    return sum;
  }

  // Every coordinate `step` states further, all of them at once.
  Batch moved(const BatchView& x, Index step) const {
    Batch y = x;
    for (Index i = 0; i < x.rows(); ++i) {
      const Domain::Part& unit = units_[std::size_t(i)];
      for (Index n = 0; n < x.cols(); ++n)
        y(i, n) = unit.kind == Domain::Kind::spin
                      ? -x(i, n)
                      : Real((Index(x(i, n)) + step + unit.levels) % unit.levels);
    }
    return y;
  }

  // ¬_i x for every i, a column each.
  Batch next(const BatchView& x) const {
    Batch all = x.replicate(1, x.rows());
    all.diagonal() = moved(x, 1);
    return all;
  }

  Eigen::ArrayXXd scores(const BatchView& x) const {
    const Row own = energies(model_, x, workers_);
    if (!own.isFinite().all()) throw Diverged("the energy of an observation is not finite");
    Eigen::ArrayXXd s(x.rows(), x.cols());
    workers_.run(x.cols(), [&](Index n) {
      Row other;
      model_.energy(next(x.col(n)), other);
      s.col(n) = 1 - (own(n) - other).exp().transpose();
    });
    return s;
  }

  bool v_statistic_;
  const EnergyModel& model_;
  const Parametric& parametric_;
  const Workers& workers_;
  std::vector<Domain::Part> units_;
  double factor_ = 0;  ///< of k for one more coordinate that differs
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<DiscreteKernelStein>("discrete_kernel_stein",
                                    "kernel Stein discrepancy on discrete coordinates",
                                    "Yang, Liu, Rao & Neville 2018, ICML, PMLR 80:5561-5570");
}
