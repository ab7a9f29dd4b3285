// A wheel of bent arms (Johnson, Duvenaud et al. 2016, NeurIPS, section 5).
//   (u, w) = (1 + s_r ξ_1, s_t ξ_2), turned by the angle 2πk/K + rate · e^u, k uniform in 0 … K-1
#include <cmath>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

class Pinwheel final : public StoredDataset {
 public:
  struct Params {
    Index size = 1000;
    std::optional<Index> seed;
    Index arms = 5;
    double radial_scale = 0.3, tangential_scale = 0.1, rate = 0.25;

    void fields(Fields& f) {
      f.integer("size", size, "number of points", {.minimum = 1, .maximum = 1e8});
      f.integer("seed", seed, "seed of the points", {.minimum = 0, .unset = "the run's seed"});
      f.count("arms", arms, "number K of arms");
      f.positive("radial_scale", radial_scale, "standard deviation s_r along an arm");
      f.positive("tangential_scale", tangential_scale, "standard deviation s_t across an arm");
      f.real("rate", rate, "how strongly the arms are bent");
    }
  };

  Pinwheel(const Params& p, const Context& c) {
    points_.resize(2, p.size);
    Stream random = p.seed ? Stream(std::uint64_t(*p.seed)).split("pinwheel") : c.random;
    labels_.resize(std::size_t(p.size));
    const auto arm = random.below(p.arms, p.size);
    random.normal(points_);
    for (Index n = 0; n < p.size; ++n) {
      const double u = 1 + p.radial_scale * double(points_(0, n));
      const double w = p.tangential_scale * double(points_(1, n));
      const double angle =
          2 * std::numbers::pi * double(arm(n)) / double(p.arms) + p.rate * std::exp(u);
      points_(0, n) = Real(std::cos(angle) * u - std::sin(angle) * w);
      points_(1, n) = Real(std::sin(angle) * u + std::cos(angle) * w);
      labels_[std::size_t(n)] = int(arm(n));
    }
  }
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Pinwheel>("pinwheel", "wheel of bent arms",
                         "Johnson, Duvenaud, Wiltschko, Datta & Adams 2016, NeurIPS");
}
