// Energy by a convolutional network (Du & Mordatch 2019, Implicit Generation and Modeling with
// Energy-Based Models, arXiv 1903.08689).
//   E(x) = f_θ(x) + λ|x|²/2,  x an image of channels x height x width, f a chain of layers that
//   ends in one dense unit
// The network of the deep energy-based models tutorial of the University of Amsterdam for 28 x 28
// images (Lippe 2020; the swish is its own):
//   shape: [1, 28, 28]
//   layers: [conv 16 5x5 stride 2 padding 4, swish, conv 32 3x3 stride 2 padding 1, swish,
//            conv 64 3x3 stride 2 padding 1, swish, conv 64 3x3 stride 2 padding 1, swish,
//            dense 64, swish]
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Convnet final : public NetworkEnergy {
 public:
  struct Params {
    std::vector<Index> shape;
    double reference_precision = 1;
    NetworkSettings network;

    Params() {
      network.layers = {"conv 16 3x3 padding 1", "swish", "average_pool 2x2", "dense 64", "swish"};
    }
    void fields(Fields& f) {
      NetworkEnergy::shape_field(f, shape, true);
      network.layer_fields(f);
      NetworkEnergy::precision_field(f, reference_precision);
      network.weight_fields(f);
    }
  };

  Convnet(const Params& p, const Context& c)
      : NetworkEnergy(Domain::real(image(p, c).size()),
                      Network(image(p, c), 1, p.network, c.random, c.subject),
                      p.reference_precision) {}

 private:
  static Shape image(const Params& p, const Context& c) { return input_shape(p.shape, c); }

  double energy_of(const Vector& outputs, const Real*, Vector& slope) const override {
    slope(0) = 1;
    return double(outputs(0));
  }
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Convnet>("convnet", "convolutional network as the energy of an image",
                        "Du & Mordatch 2019, arXiv 1903.08689");
}
