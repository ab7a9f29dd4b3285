// Elliptical slice sampling (Murray, Adams & MacKay 2010, AISTATS 9:541).
//   ν ~ N(0, s² I),  y(φ) = x cos φ + ν sin φ,  with ln L(x) = -E(x) + |x|²/2s²:
//   ln u below ln L(x), φ uniform, bracket shrunk towards 0 until ln L(y(φ)) > ln u.
// Exact for every s and without step size; efficient where N(0, s² I) is close to the model's
// prior.
#include <cmath>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

class EllipticalSlice final : public Sampler {
 public:
  struct Params {
    double prior_scale = 1;
    void fields(Fields& f) {
      f.positive("prior_scale", prior_scale, "standard deviation s of the normal law of ν");
    }
  };

  EllipticalSlice(const Params& p, const Context& c) : model_(*c.model), scale_(p.prior_scale) {
    if (!model_.domain().all(Domain::Kind::real))
      throw Error(c.subject + ": needs a model on real coordinates, got " + model_.domain().text());
  }

  std::vector<Statistic> statistics() const override {
    return {{"n_steps", Statistic::Type::integer}};
  }
  bool is_reversible() const override { return true; }

 private:
  // Below this the bracket is no wider than rounding: the chain stays where it is.
  static constexpr double narrowest = 1e-12;

  void do_refresh(Chains& now) const override { model_.energy(now.x, now.energy); }

  void do_step(Chains& now, Stream random) const override {
    Batch nu(now.x.rows(), now.x.cols());
    random.normal(nu);
    nu *= Real(scale_);
    for (Index c = 0; c < now.x.cols(); ++c) {
      Stream own = random.chains_from(c);  // chains differ in the number of tries
      now.statistics(0, c) = double(turn(now, c, nu.col(c), own));
    }
  }

  // One transition of chain `c`; returns the number of points tried.
  Index turn(Chains& now, Index c, const Vector& nu, Stream& random) const {
    const Vector x = now.x.col(c);
    const double level = log_likelihood(now.energy(c), x) + std::log(random.uniform(1)(0));
    double angle = 2 * std::numbers::pi * random.uniform(1)(0);
    double low = angle - 2 * std::numbers::pi, high = angle;
    Row energy;
    for (Index tries = 1;; ++tries) {
      const Vector y = Real(std::cos(angle)) * x + Real(std::sin(angle)) * nu;
      model_.energy(y, energy);
      if (log_likelihood(energy(0), y) > level) {  // NaN is not
        now.x.col(c) = y;
        now.energy(c) = energy(0);
        return tries;
      }
      (angle < 0 ? low : high) = angle;
      if (high - low < narrowest) return tries;
      angle = low + (high - low) * random.uniform(1)(0);
    }
  }

  double log_likelihood(double energy, const Vector& x) const {
    return x.cast<double>().squaredNorm() / (2 * scale_ * scale_) - energy;
  }

  const EnergyModel& model_;
  double scale_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<EllipticalSlice>("elliptical_slice",
                                "slice sampling on ellipses through a normal law",
                                "Murray, Adams & MacKay 2010, AISTATS 9:541-548");
}
