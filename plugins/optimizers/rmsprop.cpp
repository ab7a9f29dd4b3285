// RMSprop (Tieleman & Hinton 2012, lecture 6.5), climbing: gradients scaled by their running root
// mean square, or where `centred` their running standard deviation (Graves 2013, arXiv:1308.0850),
// with heavy-ball momentum; weight decay is decoupled as in adam:
//   s <- α s + (1 - α) g²,   a <- α a + (1 - α) g where centred, else 0,
//   v <- μ v + g / (√(s - a²) + δ),   θ <- θ + ε_n (v - λ θ).
#include <gibbsite/api/scaled_step.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class RmsProp final : public ElementwiseOptimizer {
 public:
  struct Params : ScaledStepParams {
    double decay_rate = 0.99;
    double momentum = 0;
    bool centred = false;

    void fields(Fields& f) {
      ScaledStepParams::fields(f, "the root of the mean squared gradient");
      f.fraction("decay_rate", decay_rate,
                 "share α of the mean squared gradient that is kept; < 1");
      f.real("momentum", momentum, "share μ of the last step that is kept; < 1",
             {.minimum = 0, .maximum = 1});
      f.flag("centred", centred, "whether the squared mean gradient is taken off");
    }
  };

  RmsProp(const Params& p, const Context& c) : params_(p) {
    require_below_1(c.subject, "decay_rate", p.decay_rate);
    require_below_1(c.subject, "momentum", p.momentum);
    p.check(c.subject);
  }

  std::size_t slot_count() const override { return 3; }

  void step(Entries theta, ConstEntries ascent, std::span<Entries> slots,
            std::uint64_t update) const override {
    Entries& square = slots[0];
    Entries& mean = slots[1];
    Entries& velocity = slots[2];
    const double alpha = params_.decay_rate;
    square = alpha * square + (1 - alpha) * ascent.square();
    if (params_.centred) mean = alpha * mean + (1 - alpha) * ascent;
    // A gradient that hardly varies has a difference that rounding may take below zero.
    const auto root = (square - mean.square()).max(0).sqrt();
    velocity = params_.momentum * velocity + ascent / (root + params_.epsilon);
    theta += learning_rate(update) * (velocity - params_.weight_decay * theta);
  }

  double learning_rate(std::uint64_t update) const override {
    return params_.learning_rate(update);
  }

 private:
  Params params_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<RmsProp>(
      "rmsprop", "gradient ascent scaled by the root mean square of the gradient",
      "Tieleman & Hinton 2012, Neural Networks for Machine Learning, lecture 6.5");
}
