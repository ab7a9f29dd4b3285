// Two interlocking half circles with noise (Pedregosa et al. 2011, JMLR 12:2825, make_moons).
//   class 0: (cos t, sin t),  class 1: (1 - cos t, 1/2 - sin t),  t uniform on [0, π],  + s ξ
#include <cmath>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

class TwoMoons final : public StoredDataset {
 public:
  struct Params {
    Index size = 1000;
    std::optional<Index> seed;
    double noise = 0.1;

    void fields(Fields& f) {
      f.integer("size", size, "number of points", {.minimum = 1, .maximum = 1e8});
      f.integer("seed", seed, "seed of the points", {.minimum = 0, .unset = "the run's seed"});
      f.real("noise", noise, "standard deviation s of the noise", {.minimum = 0});
    }
  };

  TwoMoons(const Params& p, const Context& c) {
    points_.resize(2, p.size);
    Stream random = p.seed ? Stream(std::uint64_t(*p.seed)).split("two_moons") : c.random;
    labels_.resize(std::size_t(p.size));
    const auto moon = random.below(2, p.size);
    const Row t = std::numbers::pi * random.uniform(p.size);
    random.normal(points_);
    for (Index n = 0; n < p.size; ++n) {
      const bool inner = moon(n) == 1;
      const double x = inner ? 1 - std::cos(t(n)) : std::cos(t(n));
      const double y = inner ? 0.5 - std::sin(t(n)) : std::sin(t(n));
      points_(0, n) = Real(x + p.noise * double(points_(0, n)));
      points_(1, n) = Real(y + p.noise * double(points_(1, n)));
      labels_[std::size_t(n)] = int(inner);
    }
  }
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<TwoMoons>("two_moons", "two interlocking half circles",
                         "Pedregosa et al. 2011, JMLR 12:2825-2830");
}
