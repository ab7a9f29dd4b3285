// Eight normal blobs on a circle, a common test of generative models (Metz et al. 2017, ICLR).
//   x = r (cos πk/4, sin πk/4) + s ξ,  k uniform in 0 … 7,  ξ ~ N(0, I)
// gaussian_mixture with these means is the exact law.
#include <cmath>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

class EightGaussians final : public StoredDataset {
 public:
  struct Params {
    Index size = 1000;
    std::optional<Index> seed;
    double radius = 2, standard_deviation = 0.2;

    void fields(Fields& f) {
      f.integer("size", size, "number of points", {.minimum = 1, .maximum = 1e8});
      f.integer("seed", seed, "seed of the points", {.minimum = 0, .unset = "the run's seed"});
      f.positive("radius", radius, "distance r of the centres from the origin");
      f.positive("standard_deviation", standard_deviation, "standard deviation s of each blob");
    }
  };

  EightGaussians(const Params& p, const Context& c) {
    points_.resize(2, p.size);
    Stream random = p.seed ? Stream(std::uint64_t(*p.seed)).split("eight_gaussians") : c.random;
    labels_.resize(std::size_t(p.size));
    const auto component = random.below(8, p.size);
    random.normal(points_);
    for (Index n = 0; n < p.size; ++n) {
      const double angle = std::numbers::pi / 4 * double(component(n));
      points_(0, n) =
          Real(p.radius * std::cos(angle) + p.standard_deviation * double(points_(0, n)));
      points_(1, n) =
          Real(p.radius * std::sin(angle) + p.standard_deviation * double(points_(1, n)));
      labels_[std::size_t(n)] = int(component(n));
    }
  }
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<EightGaussians>("eight_gaussians", "eight normal blobs on a circle",
                               "Metz, Poole, Pfau & Sohl-Dickstein 2017, ICLR");
}
