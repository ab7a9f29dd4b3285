// my_plugin: say here what the data are, with the equation or where they come from, and the paper.
//   x = r (cos t, sin t) + s ξ,  t uniform on [0, 2π)
// A noisy ring, to be changed into your own.
#include <cmath>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

// StoredDataset keeps points_ (dim x size) and labels_ in memory. Data that are computed or read as
// they are asked for derive from Dataset and fill in `columns`.
class MyPlugin final : public StoredDataset {
 public:
  // What a spec may set, with its defaults. `fields` reads, checks and documents all of it.
  struct Params {
    Index size = 1000;
    double radius = 2, noise = 0.1;

    void fields(Fields& f) {
      f.integer("size", size, "number of points", {.minimum = 1, .maximum = 1e8});
      f.positive("radius", radius, "radius r of the ring");
      f.real("noise", noise, "standard deviation s of the noise", {.minimum = 0});
    }
  };

  // Random numbers come from c.random, which follows the seed of the spec.
  MyPlugin(const Params& p, const Context& c) {
    Stream random = c.random;
    points_.resize(2, p.size);
    random.normal(points_);
    const Row angle = 2 * std::numbers::pi * random.uniform(p.size);
    for (Index n = 0; n < p.size; ++n) {
      points_(0, n) = Real(p.radius * std::cos(angle(n)) + p.noise * double(points_(0, n)));
      points_(1, n) = Real(p.radius * std::sin(angle(n)) + p.noise * double(points_(1, n)));
    }
  }
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<MyPlugin>("my_plugin", "a noisy ring, to be changed into your own",
                         "name the paper here");
}
