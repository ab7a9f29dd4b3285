// No-U-turn sampler (Hoffman & Gelman 2014, JMLR 15:1593) with multinomial sampling from the
// trajectory and the generalised criterion (Betancourt 2017, arXiv:1701.02434, appendix A).
//   H(x, p) = E(x) + pᵀM⁻¹p/2. The trajectory is doubled forwards or backwards in time until it, or
//   a part of it, turns round: ρ·M⁻¹p <= 0 at an end, ρ the sum of the momenta along it (also
//   checked across the seam of every two halves). States weigh e^{-H}; the last doubling is
//   preferred with probability min(1, w_new/w_old).
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

constexpr double largest_energy_error = 1000;

struct Point {
  Vector x, momentum, gradient;
  double energy = 0;
};

// A stretch of trajectory; `left` is its earlier end in time.
struct Stretch {
  Point left, right, chosen;
  Vector momentum_sum;
  double log_weight = 0;
  bool goes_on = true;  // it has neither turned round nor diverged
};

// The trajectory of one chain.
struct Trajectory {
  const Differentiable& model;
  Stream random;
  Vector inverse_mass;
  double step = 0, start = 0;  // ε, H at the start
  double acceptance = 0;       // summed over its points
  Index points = 0;
  bool diverging = false;

  Vector velocity(const Vector& momentum) const { return inverse_mass.cwiseProduct(momentum); }
  double kinetic(const Vector& momentum) const {
    return 0.5 * momentum.cast<double>().dot(velocity(momentum).cast<double>());
  }

  Stretch leapfrog(Point at, double direction) {
    const Real size = Real(direction * step);
    at.momentum -= size / 2 * at.gradient;
    at.x += size * velocity(at.momentum);
    Row energy;
    Batch gradient;
    model.energy_and_gradient(at.x, energy, gradient);
    at.energy = energy(0);
    at.gradient = gradient;
    at.momentum -= size / 2 * at.gradient;
    const double error = at.energy + kinetic(at.momentum) - start;
    ++points;
    acceptance += std::isnan(error) ? 0 : std::exp(std::min(0.0, -error));
    const bool lost = !(error <= largest_energy_error);
    diverging = diverging || lost;
    return {at, at, at, at.momentum, -error, !lost};
  }

  bool straight(const Vector& sum, const Vector& first, const Vector& last) const {
    return velocity(first).dot(sum) > 0 && velocity(last).dot(sum) > 0;
  }

  // Two stretches end to end; `fresh` is taken with the given probability.
  Stretch join(const Stretch& left, const Stretch& right, const Stretch& fresh, double log_odds) {
    const bool take = std::log(random.uniform(1)(0)) < log_odds;
    const Stretch& old = &fresh == &left ? right : left;
    Stretch whole{left.left, right.right, take ? fresh.chosen : old.chosen,
                  left.momentum_sum + right.momentum_sum};
    const double top = std::max(left.log_weight, right.log_weight);
    whole.log_weight =
        top + std::log(std::exp(left.log_weight - top) + std::exp(right.log_weight - top));
    whole.goes_on = straight(whole.momentum_sum, left.left.momentum, right.right.momentum) &&
                    straight(left.momentum_sum + right.left.momentum, left.left.momentum,
                             right.left.momentum) &&
                    straight(right.momentum_sum + left.right.momentum, left.right.momentum,
                             right.right.momentum);
    return whole;
  }

  // 2^depth points on from `from`; given up where a part of them turns round or diverges.
  Stretch extend(const Point& from, Index depth, double direction) {
    if (depth == 0) return leapfrog(from, direction);
    Stretch near = extend(from, depth - 1, direction);
    if (!near.goes_on) return near;
    const Stretch far = extend(direction > 0 ? near.right : near.left, depth - 1, direction);
    if (!far.goes_on) return far;
    const double total = log_sum_exp(Eigen::Array2d(near.log_weight, far.log_weight));
    const double log_odds = far.log_weight - total;
    return direction > 0 ? join(near, far, far, log_odds) : join(far, near, far, log_odds);
  }
};

class Nuts final : public Sampler {
 public:
  using Needs = Abilities<Differentiable>;
  struct Params {
    double step_size = 0.1, target_acceptance = 0.8;
    Index max_depth = 10;
    bool adapt = true;

    void fields(Fields& f) {
      f.positive("step_size", step_size, "leapfrog step ε where warm-up starts");
      f.real("target_acceptance", target_acceptance,
             "mean acceptance over a trajectory that warm-up aims at",
             {.minimum = 0.01, .maximum = 0.99});
      f.integer("max_depth", max_depth, "most doublings of a trajectory",
                {.minimum = 1, .maximum = 20});
      f.flag("adapt", adapt, "adapt ε and the diagonal mass matrix M of each chain in warm-up");
    }
  };

  Nuts(const Params& p, const Context& c)
      : model_(c.require<Differentiable>()),
        params_(p),
        averaging_(0, p.target_acceptance),
        mass_(DualAveraging::rows, c.model->dim()) {
    if (!c.model->domain().all(Domain::Kind::real))
      throw Error(c.subject + ": needs a model on real coordinates, got " +
                  c.model->domain().text());
  }

  void adapt(Chains& now, Warmup at) const override {
    if (!params_.adapt) return;
    averaging_.adapt(now.tuning, now.statistics.row(0), at);
    if (mass_.adapt(now.tuning, now.x, at)) averaging_.restart(now.tuning);
  }

  std::vector<Statistic> statistics() const override {
    return {{"acceptance_rate"},
            {"step_size"},
            {"n_steps", Statistic::Type::integer},
            {"tree_depth", Statistic::Type::integer},
            {"energy_error"},
            {"hamiltonian"},
            {"diverging", Statistic::Type::boolean}};
  }
  bool is_reversible() const override { return true; }

 private:
  void do_init(Chains& now) const override {
    now.tuning.resize(DualAveraging::rows + mass_.rows(), now.x.cols());
    averaging_.init(now.tuning, params_.step_size);
    mass_.init(now.tuning);
  }

  void do_refresh(Chains& now) const override {
    model_.energy_and_gradient(now.x, now.energy, now.gradient);
  }

  void do_step(Chains& now, Stream random) const override {
    Batch noise(now.x.rows(), now.x.cols());
    random.normal(noise);
    for (Index c = 0; c < now.x.cols(); ++c) step_one(now, c, noise.col(c), random.chains_from(c));
  }

  void step_one(Chains& now, Index c, const Vector& noise, const Stream& random) const {
    Trajectory path{.model = model_, .random = random};
    path.inverse_mass = mass_.inverse_mass(now.tuning).col(c).matrix().cast<Real>();
    path.step = averaging_.step_size(now.tuning)(c);
    Point origin{now.x.col(c), noise.cwiseQuotient(path.inverse_mass.cwiseSqrt()),
                 now.gradient.col(c), now.energy(c)};
    path.start = origin.energy + path.kinetic(origin.momentum);
    Stretch whole{origin, origin, origin, origin.momentum};
    Index depth = 0;
    while (depth < params_.max_depth && whole.goes_on) {
      const double direction = path.random.uniform(1)(0) < 0.5 ? -1 : 1;
      const Stretch fresh = path.extend(direction > 0 ? whole.right : whole.left, depth, direction);
      ++depth;
      if (!fresh.goes_on) break;
      const double log_odds = fresh.log_weight - whole.log_weight;
      whole = direction > 0 ? path.join(whole, fresh, fresh, log_odds)
                            : path.join(fresh, whole, fresh, log_odds);
    }
    const Point& end = whole.chosen;
    now.x.col(c) = end.x;
    now.gradient.col(c) = end.gradient;
    now.energy(c) = end.energy;
    const double hamiltonian = end.energy + path.kinetic(end.momentum);
    now.statistics.col(c) << path.acceptance / double(path.points), path.step, double(path.points),
        double(depth), hamiltonian - path.start, hamiltonian, double(path.diverging);
  }

  const Differentiable& model_;
  Params params_;
  DualAveraging averaging_;
  MassAdaptation mass_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Nuts>("nuts", "no-U-turn sampler with multinomial trajectories",
                     "Hoffman & Gelman 2014, JMLR 15:1593-1623");
}
