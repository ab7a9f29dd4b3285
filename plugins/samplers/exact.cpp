// Independent draws from the model: the yardstick for every other sampler.
//   own          the model's own method
//   hidden_sum   x ~ p(x|h), h ~ p(h) by a table of all hidden states (at most 2^20)
//   enumeration  a table of all states (at most 2^20)
//   elimination  p(x) = Π_n p(x_n | sites eliminated after n), for pair interactions of small
//                tree-width (Lauritzen & Spiegelhalter 1988): all tables together at most 2^24
//                entries, so chains and trees of any length, 15 x 15 spins, tori of 9 x 9
// Tables are kept until the parameters change; those of a weighted sum, whose weights may, are not.
#include <gibbsite/api/exact_draws.hpp>
#include <gibbsite/plugin.hpp>
#include <mutex>

namespace {
using namespace gibbsite;

class ExactSampler final : public Sampler {
 public:
  struct Params {
    void fields(Fields&) {}
  };

  ExactSampler(const Params&, const Context& c) : model_(*c.model) {
    if (draw_method(model_).empty())
      throw Error(c.subject +
                  ": needs a model with draws of its own, at most 2^20 states of its units or of "
                  "its hidden units, or pair interactions of small tree-width");
  }
  bool is_reversible() const override { return true; }

 private:
  // A change of a model that shows no parameters (a clamped one) cannot be seen in θ.
  void do_refresh(Chains&) const override {
    if (model_.capability<Parametric>() != nullptr) return;
    const std::lock_guard lock(mutex_);
    prepared_ = nullptr;
  }

  void do_step(Chains& now, Stream random) const override {
    if (dynamic_cast<const WeightedSum*>(&model_) != nullptr)
      ExactDraws(model_).draw(random, now.x);
    else
      prepared()->draw(random, now.x);
  }

  // What is kept follows from the model alone, so that draws do not depend on who prepares it.
  std::shared_ptr<const ExactDraws> prepared() const {
    const auto* parametric = model_.capability<Parametric>();
    const Parameters theta = parametric == nullptr ? Parameters() : parametric->parameters();
    const std::lock_guard lock(mutex_);
    if (prepared_ == nullptr || theta != theta_) {
      prepared_ = std::make_shared<const ExactDraws>(model_);
      theta_ = theta;
    }
    return prepared_;
  }

  const EnergyModel& model_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const ExactDraws> prepared_;
  mutable Parameters theta_;  ///< those of `prepared_`
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ExactSampler>("exact",
                             "independent draws from the model, where it can be drawn from",
                             "Devroye 1986, Non-Uniform Random Variate Generation");
}
