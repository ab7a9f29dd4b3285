// my_plugin: say here what it does, with the equation in the paper's letters, and the paper.
//   s <- s + g²,  θ <- θ + ε g / (√s + δ)
// This is Adagrad, climbing, to be changed into your own.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class MyPlugin final : public ElementwiseOptimizer {
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

  // What the rule remembers: one vector as long as θ, which checkpoints keep.
  std::size_t slot_count() const override { return 1; }

  // One step along `ascent`, which points uphill, of some entries of θ; threads take different
  // ones at once. A rule that needs all of θ together (its norm, say) is an Optimizer with
  // `update`. This object never changes.
  void step(Entries theta, ConstEntries ascent, std::span<Entries> slots,
            std::uint64_t) const override {
    slots[0] += ascent.square();
    theta += params_.step_size * ascent / (slots[0].sqrt() + params_.epsilon);
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
