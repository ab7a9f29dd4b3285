// my_plugin: say here what it does, with the equation in the paper's letters, and the paper.
//   E(x) = Σ_i (x_i²/2 + a x_i⁴/4 - b_i x_i)
// Independent quartic wells with biases b to learn, to be changed into your own.
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

// Each ability inherited here opens methods: Differentiable Langevin and Hamiltonian kernels,
// Conditional Gibbs, Parametric training, Latent block Gibbs, Exact and Normalized exact checks.
class MyPlugin final : public EnergyModel, public Differentiable, public Parametric {
 public:
  // What a spec may set, with its defaults. `fields` reads, checks and documents all of it.
  struct Params {
    Index units = 2;
    double quartic = 1;

    void fields(Fields& f) {
      f.count("units", units, "number of coordinates");
      f.real("quartic", quartic, "strength a of the quartic term", {.minimum = 0});
    }
  };

  MyPlugin(const Params& p, const Context&)
      : domain_(Domain::real(p.units)), quartic_(p.quartic), bias_(Parameters::Zero(p.units)) {}

  const Domain& domain() const override { return domain_; }

  // θ as named blocks in one vector.
  std::vector<ParameterBlock> blocks() const override { return {{"bias", {"unit"}, {dim()}}}; }
  Parameters parameters() const override { return bias_; }
  void set_parameters(const Parameters& theta) override {
    if (!theta.allFinite()) throw Error("my_plugin: bias must be finite");
    bias_ = theta;
  }

 private:
  // The energy of each column of x, summed in double. +∞ means probability 0; NaN is a fault.
  void do_energy(const BatchView& x, Row& energy) const override {
    for (Index n = 0; n < x.cols(); ++n) {
      const Eigen::ArrayXd one = x.col(n).cast<double>();
      const Eigen::ArrayXd square = one.square();
      energy(n) = (square / 2 + quartic_ * square.square() / 4 - bias_.array() * one).sum();
    }
  }

  // E and ∂E/∂x of each column.
  void do_energy_and_gradient(const BatchView& x, Row& energy, Batch& gradient) const override {
    do_energy(x, energy);
    gradient = (x.array() + Real(quartic_) * x.array().cube()).matrix();
    gradient.colwise() -= bias_.cast<Real>();
  }

  // out += Σ_n w_n ∂E(x_n)/∂θ: the gradient that training and its checks are made of.
  void do_parameter_gradient(const BatchView& x, const Row& weights,
                             Parameters& out) const override {
    for (Index n = 0; n < x.cols(); ++n) out -= weights(n) * x.col(n).cast<double>();
  }

  Domain domain_;
  double quartic_;
  Parameters bias_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<MyPlugin>("my_plugin", "independent quartic wells, to be changed into your own",
                         "name the paper here");
}
