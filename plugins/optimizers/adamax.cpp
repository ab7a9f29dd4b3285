// Adamax (Kingma & Ba 2015, algorithm 2), climbing: Adam with the largest instead of the mean
// squared gradient, which forgets as β₂; weight decay is decoupled as in adam. With t = n + 1:
//   m <- β₁ m + (1 - β₁) g,   u <- max(β₂ u, |g| + δ),
//   θ <- θ + ε_n [m / (1 - β₁ᵗ) / u - λ θ].
// δ keeps parameters without a gradient where they are.
#include <cmath>
#include <gibbsite/api/scaled_step.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Adamax final : public ElementwiseOptimizer {
 public:
  struct Params : ScaledStepParams {
    double beta1 = 0.9;
    double beta2 = 0.999;

    Params() { step_size = 0.002; }
    void fields(Fields& f) {
      ScaledStepParams::fields(f, "the size of each gradient");
      f.fraction("beta1", beta1, "share β₁ of the mean gradient that is kept; < 1");
      f.fraction("beta2", beta2, "share β₂ of the largest gradient that is kept; < 1");
    }
  };

  Adamax(const Params& p, const Context& c) : params_(p) {
    require_below_1(c.subject, "beta1", p.beta1);
    require_below_1(c.subject, "beta2", p.beta2);
    p.check(c.subject);
  }

  std::size_t slot_count() const override { return 2; }

  void step(Entries theta, ConstEntries ascent, std::span<Entries> slots,
            std::uint64_t update) const override {
    Entries& mean = slots[0];
    Entries& largest = slots[1];
    mean = params_.beta1 * mean + (1 - params_.beta1) * ascent;
    largest = (params_.beta2 * largest).max(ascent.abs() + params_.epsilon);
    const double unbiased = 1 - std::pow(params_.beta1, double(update) + 1);
    theta += learning_rate(update) * (mean / unbiased / largest - params_.weight_decay * theta);
  }

  double learning_rate(std::uint64_t update) const override {
    return params_.learning_rate(update);
  }

 private:
  Params params_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Adamax>("adamax", "gradient ascent scaled by the largest recent gradient",
                       "Kingma & Ba 2015, arXiv:1412.6980, section 7.1");
}
