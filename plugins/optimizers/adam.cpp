// Adam (Kingma & Ba 2015, algorithm 1), climbing; weight decay is decoupled from the moments
// (Loshchilov & Hutter 2019). With t = n + 1:
//   m <- β₁ m + (1 - β₁) g,   v <- β₂ v + (1 - β₂) g²,
//   θ <- θ + ε_n [m / (1 - β₁ᵗ) / (√(v / (1 - β₂ᵗ)) + δ) - λ θ].
#include <cmath>
#include <gibbsite/api/scaled_step.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Adam final : public ElementwiseOptimizer {
 public:
  struct Params : ScaledStepParams {
    double beta1 = 0.9;
    double beta2 = 0.999;

    void fields(Fields& f) {
      ScaledStepParams::fields(f, "the root of the mean squared gradient");
      f.fraction("beta1", beta1, "share β₁ of the mean gradient that is kept; < 1");
      f.fraction("beta2", beta2, "share β₂ of the mean squared gradient that is kept; < 1");
    }
  };

  Adam(const Params& p, const Context& c) : params_(p) {
    require_below_1(c.subject, "beta1", p.beta1);
    require_below_1(c.subject, "beta2", p.beta2);
    p.check(c.subject);
  }

  std::size_t slot_count() const override { return 2; }

  void step(Entries theta, ConstEntries ascent, std::span<Entries> slots,
            std::uint64_t update) const override {
    Entries& m = slots[0];
    Entries& v = slots[1];
    const double t = double(update) + 1;
    const double beta1 = params_.beta1, beta2 = params_.beta2;
    m = beta1 * m + (1 - beta1) * ascent;
    v = beta2 * v + (1 - beta2) * ascent.square();
    const auto mean = m / (1 - std::pow(beta1, t));
    const auto root = (v / (1 - std::pow(beta2, t))).sqrt();
    theta +=
        learning_rate(update) * (mean / (root + params_.epsilon) - params_.weight_decay * theta);
  }

  double learning_rate(std::uint64_t update) const override {
    return params_.learning_rate(update);
  }

 private:
  Params params_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Adam>("adam", "gradient ascent scaled by running moments of the gradient",
                     "Kingma & Ba 2015, arXiv:1412.6980");
}
