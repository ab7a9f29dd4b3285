// Discrete Langevin proposal (Zhang, Liu & Liu 2022, ICML): DULA, and with acceptance DMALA.
//   Every coordinate moves by itself, with step size α and first-order natural parameters η(x):
//   q_i(k|x) ∝ exp(η_i(x)·(T(k) - T(x_i)) / 2 - |k - x_i|² / (2α));
//   DMALA accepts with probability min(1, e^{E(x) - E(x')} Π_i q_i(x_i|x') / q_i(x'_i|x)).
// |k - x_i|² is 1 between the values of a bit, 4 between those of a spin, and 2 between any two
// categories, as between their one-hot vectors, or (k - x_i)² where their numbers mean something.
// So a bit flips with probability 1/(1 + e^{1/(2α) - r/2}), r = η_i (1 - 2 x_i).
// DULA has a bias, which goes with α to 0 where coordinates interact in pairs. In warm-up DMALA
// moves α to acceptance .574 (Sun, Dai & Schuurmans 2022, NeurIPS), within [1e-3, 1e3].
#include <algorithm>
#include <cmath>
#include <gibbsite/api/single_changes.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

constexpr double smallest_step = 1e-3, largest_step = 1e3;
constexpr double largest_ratio = 1e4;  // keeps proposals finite next to states of probability 0

class DiscreteLangevin final : public Sampler {
 public:
  using Needs = Abilities<DiscreteGradient>;
  struct Params {
    double step_size = 0.5;
    std::string categories = "nominal";
    bool adjust = true, adapt = true;
    double target_acceptance = 0.574;
    Index updates = 1;

    void fields(Fields& f) {
      f.real("step_size", step_size,
             "step size α, in units of squared distance between states; where warm-up starts",
             {.minimum = smallest_step, .maximum = largest_step});
      f.choice("categories", categories, {"nominal", "ordinal"},
               "squared distance of two categories: 2, or that of their numbers");
      f.flag("adjust", adjust, "accept or reject (DMALA); without, DULA has a bias");
      f.flag("adapt", adapt, "adapt α of each chain to target_acceptance in warm-up (DMALA alone)");
      f.real("target_acceptance", target_acceptance, "acceptance rate that warm-up aims at",
             {.minimum = 0.01, .maximum = 0.99});
      f.count("updates", updates, "proposals per step, a gradient each");
    }
  };

  DiscreteLangevin(const Params& p, const Context& c)
      : model_(c.require<DiscreteGradient>()),
        domain_(c.model->domain()),
        changes_(domain_, c.subject),
        params_(p),
        averaging_(0, p.target_acceptance),
        one_hot_(p.categories == "nominal") {}

  void adapt(Chains& now, Warmup at) const override {
    if (!params_.adjust || !params_.adapt) return;
    averaging_.adapt(now.tuning, now.statistics.row(0), at);
    now.tuning.row(0) = now.tuning.row(0).max(smallest_step).min(largest_step);
  }

  std::vector<Statistic> statistics() const override {
    return {{"acceptance_rate"}, {"hop_distance"}, {"step_size"}};
  }
  bool is_exact() const override { return params_.adjust; }
  bool is_reversible() const override { return params_.adjust; }

 private:
  void do_init(Chains& now) const override {
    now.tuning.resize(DualAveraging::rows, now.x.cols());
    averaging_.init(now.tuning, params_.step_size);
  }

  // Chains::gradient holds η.
  void do_refresh(Chains& now) const override {
    model_.energy_and_local_natural(now.x, now.energy, now.gradient);
  }

  void do_step(Chains& now, Stream random) const override {
    const Batch before = now.x;
    const Row step = averaging_.step_size(now.tuning);
    Row accepted = Row::Zero(now.x.cols());
    for (Index n = 0; n < params_.updates; ++n) accepted += update(now, step, random);
    now.statistics.row(0) = accepted / double(params_.updates);
    now.statistics.row(1) = hop_distance(before, now.x);
    now.statistics.row(2) = step;
  }

  Row update(Chains& now, const Row& step, Stream& random) const {
    Chains next = now;
    const Batch forward = proposal(now, step);
    sample(domain_, forward, random, next.x);
    model_.energy_and_local_natural(next.x, next.energy, next.gradient);
    Row log_ratio = Row::Zero(now.x.cols()), probability(now.x.cols());
    if (params_.adjust) {
      const Batch back = proposal(next, step);
      log_ratio = natural_energy(domain_, back, now.x) - log_partition(domain_, back) -
                  (natural_energy(domain_, forward, next.x) - log_partition(domain_, forward));
    }
    const Row& from = params_.adjust ? now.energy : next.energy;
    for (Index c = 0; c < now.x.cols(); ++c) {
      log_ratio(c) = log_acceptance(from(c), next.energy(c), log_ratio(c));
      probability(c) = acceptance_probability(log_ratio(c));
    }
    metropolis(now, next, log_ratio, random);
    return probability;
  }

  // The proposal is a law of independent units: its natural parameters.
  Batch proposal(const Chains& at, const Row& step) const {
    Batch natural(at.gradient.rows(), at.x.cols());
    for (Index c = 0; c < at.x.cols(); ++c) {
      const Eigen::ArrayXd ratios = changes_.log_ratios(at.gradient.col(c), at.x.col(c));
      const auto weight = [&](Index n) {
        const double r = std::isnan(ratios(n)) ? -largest_ratio : ratios(n);
        return std::clamp(r, -largest_ratio, largest_ratio) / 2 -
               squared_distance(n, at.x(changes_.site(n), c)) / (2 * step(c));
      };
      Index row = 0;
      for (Index i = 0; i < changes_.sites(); ++i) {
        const Index first = changes_.first(i);
        if (changes_.is_category(i))
          for (Index k = 0; k < changes_.levels(i); ++k)
            natural(row++, c) = Real(weight(first + k));
        else  // what a change of x_i by 1 is worth
          natural(row++, c) = Real((weight(first + 1) - weight(first)) /
                                   double(changes_.value(first + 1) - changes_.value(first)));
      }
    }
    return natural;
  }

  double squared_distance(Index pair, Real x) const {
    const double difference = double(changes_.value(pair) - x);
    const bool one_hot = one_hot_ && changes_.is_category(changes_.site(pair));
    return one_hot && difference != 0 ? 2 : difference * difference;
  }

  const DiscreteGradient& model_;
  Domain domain_;
  SingleChanges changes_;
  Params params_;
  DualAveraging averaging_;
  bool one_hot_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<DiscreteLangevin>(
      "discrete_langevin", "move all discrete coordinates at once by a gradient (DMALA, DULA)",
      "Zhang, Liu & Liu 2022, ICML (PMLR 162:26375-26396)");
}
