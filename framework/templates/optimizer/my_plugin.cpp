// my_plugin: say here what it does, with the equation in the paper's letters, and the paper.
//   s <- s + g²,  θ <- θ + ε g / (√s + δ)
// This is Adagrad, climbing, to be changed into your own.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class MyPlugin final : public Optimizer {
 public:
  // What a spec may set, with its defaults. `fields` reads, checks and documents all of it.
  struct Params {
    double step_size = 0.05;
    double epsilon = 1e-8;

    void fields(Fields& f) {
      f.positive("step_size", step_size, "learning rate ε");
      f.positive("epsilon", epsilon, "δ, added to the root of the sum of squared gradients");
    }
  };

  MyPlugin(const Params& p, const Context&) : params_(p) {}

  // One step along `ascent`, which points uphill. What the rule remembers lives in `slots`, vectors
  // as long as θ that checkpoints keep; this object never changes.
  void update(Parameters& theta, const Parameters& ascent, Slots& slots,
              std::uint64_t) const override {
    if (slots.empty()) slots.emplace_back(Parameters::Zero(theta.size()));
    slots[0] += ascent.cwiseAbs2();
    theta.array() +=
        params_.step_size * ascent.array() / (slots[0].array().sqrt() + params_.epsilon);
  }

  double learning_rate(std::uint64_t) const override { return params_.step_size; }

 private:
  Params params_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<MyPlugin>("my_plugin", "Adagrad, to be changed into your own",
                         "Duchi, Hazan & Singer 2011, JMLR 12:2121-2159");
}
