// Slice sampling, one coordinate after the other (Neal 2003, Annals of Statistics 31:705).
//   e ~ E(x) + Exp(1);  an interval of width w around x_i at random is stepped out by w until both
//   ends have E > e, at most m - 1 steps in all, split at random between the ends;  then points are
//   drawn from it, and it is cut back to those with E > e, until one has E <= e.
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Slice final : public Sampler {
 public:
  struct Params {
    double width = 1;
    Index max_steps_out = 100;

    void fields(Fields& f) {
      f.positive("width", width, "first width w of the interval, in units of x");
      f.integer("max_steps_out", max_steps_out, "most widths m that the interval may have",
                {.minimum = 1, .maximum = 1e6});
    }
  };

  Slice(const Params& p, const Context& c) : model_(*c.model), params_(p) {
    if (!model_.domain().all(Domain::Kind::real))
      throw Error(c.subject + ": needs a model on real coordinates, got " + model_.domain().text());
  }

  std::vector<Statistic> statistics() const override {
    return {{"n_steps", Statistic::Type::integer}};
  }

 private:
  void do_refresh(Chains& now) const override { model_.energy(now.x, now.energy); }

  void do_step(Chains& now, Stream random) const override {
    for (Index c = 0; c < now.x.cols(); ++c) {
      Walker walker{.model = model_, .random = random.chains_from(c), .x = now.x.col(c)};
      for (Index i = 0; i < now.x.rows(); ++i) update(walker, i, now.energy(c));
      now.x.col(c) = walker.x;
      now.statistics(0, c) = double(walker.evaluations);
    }
  }

  // One chain on its way; chains differ in the number of points they try.
  struct Walker {
    const EnergyModel& model;
    Stream random;
    Vector x;
    Index evaluations = 0;
    Row energy = {};

    double uniform() { return random.uniform(1)(0); }
    double energy_at(Index i, double value) {
      const Real kept = x(i);
      x(i) = Real(value);
      model.energy(x, energy);
      x(i) = kept;
      ++evaluations;
      return energy(0);
    }
  };

  void update(Walker& walker, Index i, double& energy) const {
    const double start = double(walker.x(i)), level = energy - std::log(walker.uniform());
    double low = start - params_.width * walker.uniform(), high = low + params_.width;
    Index left = Index(walker.uniform() * double(params_.max_steps_out));
    Index right = params_.max_steps_out - 1 - left;
    for (; left > 0 && walker.energy_at(i, low) <= level; --left) low -= params_.width;
    for (; right > 0 && walker.energy_at(i, high) <= level; --right) high += params_.width;
    while (true) {
      const double value = double(Real(low + (high - low) * walker.uniform()));
      const double found = walker.energy_at(i, value);
      if (found <= level) {  // NaN is not
        walker.x(i) = Real(value);
        energy = found;
        return;
      }
      if (value == start || high - low < 1e-12 * std::max(1.0, std::abs(start))) return;
      (value < start ? low : high) = value;
    }
  }

  const EnergyModel& model_;
  Params params_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Slice>("slice", "slice sampling of one coordinate after the other",
                      "Neal 2003, Annals of Statistics 31:705-767");
}
