// Path auxiliary sampler (Sun, Dai, Xia & Ramamurthy 2022, ICLR): PAFS and PAS.
//   A length L, then a path x = x⁰, x¹, … x^L = y of single changes σ_l = (i_l, k_l) is drawn;
//   accept y with probability min(1, e^{E(x) - E(y)} q_y(σ backwards) / q_x(σ)).
//   PAFS: all changes by the gradient at x, no coordinate twice,
//     q_x(σ) = Π_l w_σl(x) / Σ w(x) over the coordinates not yet changed,  w_ik(x) = e^{r_ik/2},
//   r_ik = η_i(x)·(T(k) - T(x_i)) the first-order change of ln p. Backwards the path starts with
//   i_L, its weights are those of y, and what is left out are the coordinates after l.
//   PAS: each change by the gradient where the path then is, L gradients; coordinates may come
//   again.
// L is uniform on 1 … 2R - 1, at most the number of coordinates, or always R. In warm-up R is moved
// to acceptance .574 (Sun, Dai & Schuurmans 2022, NeurIPS); a fraction is rounded where it is used.
#include <algorithm>
#include <cmath>
#include <gibbsite/api/single_changes.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class PathAuxiliary final : public Sampler {
 public:
  using Needs = Abilities<DiscreteGradient>;
  struct Params {
    Index radius = 2, updates = 1;
    std::string length = "uniform", gradient = "start";
    bool adapt = true;
    double target_acceptance = 0.574;

    void fields(Fields& f) {
      f.count("radius", radius, "mean path length R, in changes; where warm-up starts");
      f.choice("length", length, {"uniform", "fixed"}, "L uniform on 1 … 2R - 1, or always R");
      f.choice("gradient", gradient, {"start", "every_change"},
               "where along the path gradients are taken: PAFS or PAS");
      f.flag("adapt", adapt, "adapt R of each chain to target_acceptance in warm-up");
      f.real("target_acceptance", target_acceptance, "acceptance rate that warm-up aims at",
             {.minimum = 0.01, .maximum = 0.99});
      f.count("updates", updates, "paths per step");
    }
  };

  PathAuxiliary(const Params& p, const Context& c)
      : model_(c.require<DiscreteGradient>()),
        changes_(c.model->domain(), c.subject),
        params_(p),
        every_change_(p.gradient == "every_change"),
        averaging_(0, p.target_acceptance) {}

  void adapt(Chains& now, Warmup at) const override {
    if (!params_.adapt) return;
    averaging_.adapt(now.tuning, now.statistics.row(0), at);
    now.tuning.row(0) = now.tuning.row(0).max(1.0).min(double(changes_.sites()));
  }

  std::vector<Statistic> statistics() const override {
    return {{"acceptance_rate"}, {"hop_distance"}, {"path_length"}};
  }
  bool is_reversible() const override { return true; }

 private:
  void do_init(Chains& now) const override {
    now.tuning.resize(DualAveraging::rows, now.x.cols());
    averaging_.init(now.tuning, double(std::min(params_.radius, changes_.sites())));
  }

  // Chains::gradient holds η.
  void do_refresh(Chains& now) const override {
    model_.energy_and_local_natural(now.x, now.energy, now.gradient);
  }

  void do_step(Chains& now, Stream random) const override {
    const Batch before = now.x;
    for (Index c = 0; c < now.x.cols(); ++c) {
      Stream own = random.chains_from(c);  // each chain has a path length of its own
      Chains one = columns(now, c);
      double accepted = 0, lengths = 0;
      for (Index n = 0; n < params_.updates; ++n) {
        const Index length = draw_length(Index(std::lround(one.tuning(0, 0))), own);
        accepted += update(one, length, own);
        lengths += double(length);
      }
      set_columns(now, c, one);
      now.statistics(0, c) = accepted / double(params_.updates);
      now.statistics(2, c) = lengths / double(params_.updates);
    }
    now.statistics.row(1) = hop_distance(before, now.x);
  }

  Index draw_length(Index radius, Stream& random) const {
    if (params_.length == "fixed") return radius;
    return 1 + random.below(std::min(2 * radius - 1, changes_.sites()), 1)(0);
  }

  double update(Chains& now, Index length, Stream& random) const {
    Chains path = now;
    const double proposal_ratio = move(path, length, random);
    const double log_ratio = log_acceptance(now.energy(0), path.energy(0), proposal_ratio);
    metropolis(now, path, Row::Constant(1, log_ratio), random);
    return acceptance_probability(log_ratio);
  }

  // Moves `path` from x to y and evaluates it there. Returns ln q_y(σ backwards) - ln q_x(σ), or
  // NaN where the path ends early for want of weight.
  double move(Chains& path, Index length, Stream& random) const {
    std::vector<Index> backwards;
    Eigen::ArrayXd left = weights(path);
    double log_ratio = 0;
    for (Index l = 0; l < length; ++l) {
      if (!any_weight(left)) return std::numeric_limits<double>::quiet_NaN();
      const Index pair = choose(left, random), site = changes_.site(pair);
      log_ratio -= changes_.log_probability(left, pair);
      backwards.push_back(changes_.pair(site, path.x(site, 0)));
      path.x(site, 0) = changes_.value(pair);
      if (every_change_) {
        do_refresh(path);
        left = weights(path);
        log_ratio += changes_.log_probability(left, backwards.back());
      } else {
        changes_.exclude(site, left);
      }
    }
    if (every_change_) return log_ratio;
    do_refresh(path);
    left = weights(path);
    for (; !backwards.empty(); backwards.pop_back()) {
      log_ratio += changes_.log_probability(left, backwards.back());
      changes_.exclude(changes_.site(backwards.back()), left);
    }
    return log_ratio;
  }

  Eigen::ArrayXd weights(const Chains& at) const {
    return changes_.log_weights(at.gradient.col(0), at.x.col(0), [](double r) { return r / 2; });
  }

  const DiscreteGradient& model_;
  SingleChanges changes_;
  Params params_;
  bool every_change_;
  DualAveraging averaging_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<PathAuxiliary>("path_auxiliary",
                              "several changes, chosen by gradients, as one proposal",
                              "Sun, Dai, Xia & Ramamurthy 2022, ICLR");
}
