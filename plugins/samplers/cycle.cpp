// A cycle of kernels (Tierney 1994, Annals of Statistics 22:1701, section 2.4), each in turn:
//   K = K_1 K_2 … K_n;  π K_i = π for every i gives π K = π
// It is not reversible even where they are. Each kernel adapts as it does alone; its statistics
// carry its name.
#include <gibbsite/api/nested_kernels.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Cycle final : public Sampler {
 public:
  struct Params {
    std::vector<PluginSpec> kernels;
    void fields(Fields& f) {
      f.plugins("kernels", kernels, Kind::sampler, "the kernels of one step, in their order",
                {.required = true});
    }
  };

  Cycle(const Params& p, const Context& c) : kernels_(p.kernels, c) {}

  void adapt(Chains& now, Warmup at) const override {
    for (Index k = 0; k < kernels_.size(); ++k) kernels_[k].adapt(now.nested[std::size_t(k)], at);
  }

  std::vector<Statistic> statistics() const override { return kernels_.statistics(); }
  bool is_exact() const override { return kernels_.are_exact(); }
  bool keeps_x_alone() const override { return kernels_.keep_x_alone(); }
  bool is_reversible() const override { return kernels_.size() == 1 && kernels_.are_reversible(); }

 private:
  void do_refresh(Chains& now) const override {
    kernels_.refresh(now);
    take_caches(now);
  }

  void do_step(Chains& now, Stream random) const override {
    for (Index k = 0; k < kernels_.size(); ++k) {
      Chains& inner = now.nested[std::size_t(k)];
      step_from(kernels_[k], inner, now.x, random.split(std::uint64_t(k)));
      now.x = inner.x;
      now.statistics.middleRows(kernels_.first_statistic(k), inner.statistics.rows()) =
          inner.statistics;
    }
    take_caches(now);
  }

  static void take_caches(Chains& now) {
    now.energy = now.nested.back().energy;
    now.gradient = now.nested.back().gradient;
  }

  NestedKernels kernels_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Cycle>("cycle", "several kernels, each in turn",
                      "Tierney 1994, Annals of Statistics 22(4):1701-1728");
}
