// Independent draws from the model: the yardstick for every other sampler. By the model's own
// method, by summing out the hidden layer, or by enumeration (at most 2^20 states, which are
// summed anew in every step).
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

class ExactSampler final : public Sampler {
 public:
  struct Params {
    void fields(Fields&) {}
  };

  ExactSampler(const Params&, const Context& c) : model_(*c.model) {
    if (!can_draw())
      throw Error(c.subject +
                  ": needs a model with draws of its own, or at most 2^20 states of "
                  "its units or of its hidden units");
  }
  bool is_reversible() const override { return true; }

 private:
  bool can_draw() const {
    const ExactLimit limit{.max_log2_states = 20};
    const std::string method = exact_method(model_, limit);
    return model_.capability<Exact>() != nullptr || method == "hidden_sum" ||
           method == "enumeration" ||
           (!method.empty() && model_.domain().log_states() <= 20 * std::numbers::ln2);
  }

  void do_step(Chains& now, Stream random) const override {
    now.x = exact_draws(model_, now.x.cols(), random);
  }

  const EnergyModel& model_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ExactSampler>("exact",
                             "independent draws from the model, where it can be drawn from",
                             "Devroye 1986, Non-Uniform Random Variate Generation");
}
