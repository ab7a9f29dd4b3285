// Uniform points on the black squares of a 4 x 4 board on [-4, 4]^2 (Grathwohl et al. 2019, ICLR).
//   p(x) = 1/32 where ⌊x_1/2⌋ + ⌊x_2/2⌋ is even, 0 elsewhere:  best mean ln p = -ln 32
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Checkerboard final : public StoredDataset {
 public:
  struct Params {
    Index size = 1000;
    std::optional<Index> seed;

    void fields(Fields& f) {
      f.integer("size", size, "number of points", {.minimum = 1, .maximum = 1e8});
      f.integer("seed", seed, "seed of the points", {.minimum = 0, .unset = "the run's seed"});
    }
  };

  Checkerboard(const Params& p, const Context& c) {
    points_.resize(2, p.size);
    Stream random = p.seed ? Stream(std::uint64_t(*p.seed)).split("checkerboard") : c.random;
    const Row square = random.uniform(p.size) * 8;
    random.uniform(points_);
    for (Index n = 0; n < p.size; ++n) {
      const Index k = Index(square(n)), row = k / 2;
      const Index column = 2 * (k % 2) + row % 2;
      points_(0, n) = Real(-4 + 2 * (double(column) + double(points_(0, n))));
      points_(1, n) = Real(-4 + 2 * (double(row) + double(points_(1, n))));
    }
  }
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Checkerboard>("checkerboard", "uniform on the black squares of a board",
                             "Grathwohl, Chen, Bettencourt, Sutskever & Duvenaud 2019, ICLR");
}
