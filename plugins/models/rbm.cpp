// Restricted Boltzmann machine (Smolensky 1986; Hinton 2002, Neural Computation 14(8)).
//   E(v, h) = -vᵀW h - bᵀv - cᵀh,  v ∈ {0,1}^D, h ∈ {0,1}^M
//   F(v) = -bᵀv - Σ_j ln(1 + e^{c_j + (vᵀW)_j}),  P(h_j = 1|v) = σ(c_j + (vᵀW)_j),
//   P(v_i = 1|h) = σ(b_i + (W h)_i)
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Rbm final : public EnergyModel, public Conditional, public Latent, public Parametric {
 public:
  struct Params {
    Index hidden = 0;
    std::optional<Index> visible;
    double weight_scale = 0.01;
    std::string visible_bias = "data";

    void fields(Fields& f) {
      f.integer("hidden", hidden, "number M of hidden units",
                {.minimum = 1, .maximum = 1e7, .required = true});
      f.integer("visible", visible, "number D of visible units",
                {.minimum = 1, .maximum = 1e7, .unset = "the width of the data"});
      f.real("weight_scale", weight_scale, "standard deviation of the initial weights W",
             {.minimum = 0});
      f.choice("visible_bias", visible_bias, {"zero", "data"},
               "initial b: zero, or the log odds of the data's rates (zero without data; Hinton "
               "2012, section 8.1)");
    }
  };

  Rbm(const Params& p, const Context& c)
      : visible_(Domain::binary(p.visible ? *p.visible : c.require_train().dim())),
        hidden_(Domain::binary(p.hidden)),
        weights_by_visible_(p.hidden, dim()),
        weights_by_hidden_(dim(), p.hidden),
        b_(Vector::Zero(dim())),
        c_(Vector::Zero(p.hidden)) {
    Stream random = c.random;
    random.normal(weights_by_visible_);
    weights_by_visible_ *= Real(p.weight_scale);
    weights_by_hidden_ = weights_by_visible_.transpose();
    if (p.visible_bias == "data" && c.train != nullptr && c.train->dim() == dim())
      b_ = Independent::from_data(visible_, *c.train, 1).natural_parameters();
  }

  const Domain& domain() const override { return visible_; }
  const Domain& hidden() const override { return hidden_; }

  void visible_energy(const BatchView& v, Row& energy) const override {
    energy = -(b_.cast<double>().transpose() * v.cast<double>()).array();
  }

  void gradient_over_hidden(const BatchView& v, const BatchView& hidden_natural, const Row& weights,
                            Parameters& out) const override {
    accumulate(v, mean(hidden_, hidden_natural), weights, out);
  }

  void gradient_over_visible(const BatchView& visible_natural, const BatchView& h,
                             const Row& weights, Parameters& out) const override {
    accumulate(mean(visible_, visible_natural), h, weights, out);
  }

  std::vector<ParameterBlock> blocks() const override {
    const Index D = dim(), M = hidden_.dim();
    return {{"W", {"visible", "hidden"}, {D, M}}, {"b", {"visible"}, {D}}, {"c", {"hidden"}, {M}}};
  }

  Parameters parameters() const override {
    Parameters theta(weights_by_visible_.size() + b_.size() + c_.size());
    // Column i of weights_by_visible_ is row i of W, so its storage is W row-major.
    theta << weights_by_visible_.reshaped().cast<double>(), b_.cast<double>(), c_.cast<double>();
    return theta;
  }

  void set_parameters(const Parameters& theta) override {
    if (!theta.allFinite()) throw Error("rbm: W, b and c must be finite");
    const Index size = weights_by_visible_.size();
    weights_by_visible_.reshaped() = theta.head(size).cast<Real>();
    weights_by_hidden_ = weights_by_visible_.transpose();
    b_ = theta.segment(size, b_.size()).cast<Real>();
    c_ = theta.tail(c_.size()).cast<Real>();
  }

 private:
  void do_energy(const BatchView& v, Row& energy) const override {
    Batch eta;
    do_hidden_natural(v, eta);
    visible_energy(v, energy);
    energy -= log_partition(hidden_, eta);
  }

  void do_hidden_natural(const BatchView& v, Batch& natural) const override {
    natural.resize(hidden_.dim(), v.cols());
    for (Index n = 0; n < v.cols(); ++n)
      kernels<Real>().affine(weights_by_visible_.data(), hidden_.dim(), dim(), c_.data(),
                             v.col(n).data(), natural.col(n).data());
  }

  void do_visible_natural(const BatchView& h, Batch& natural) const override {
    natural.resize(dim(), h.cols());
    for (Index n = 0; n < h.cols(); ++n)
      kernels<Real>().affine(weights_by_hidden_.data(), dim(), hidden_.dim(), b_.data(),
                             h.col(n).data(), natural.col(n).data());
  }

  // P(v_i = 1 | other v) has log odds F(v_i = 0) - F(v_i = 1).
  void do_natural(std::span<const Index> sites, const BatchView& v, Batch& natural) const override {
    if (sites.size() != 1)
      throw Error("rbm: visible units depend on each other, ask for one at a time");
    const Index i = sites[0];
    Batch eta;
    do_hidden_natural(v, eta);
    eta -= weights_by_visible_.col(i) * v.row(i);
    const Row off = log_partition(hidden_, eta);
    eta.colwise() += weights_by_visible_.col(i);
    natural = (double(b_(i)) + log_partition(hidden_, eta) - off).matrix().cast<Real>();
  }

  void do_parameter_gradient(const BatchView& v, const Row& weights,
                             Parameters& out) const override {
    Batch eta;
    do_hidden_natural(v, eta);
    gradient_over_hidden(v, eta, weights, out);
  }

  // out -= Σ_n w_n (v hᵀ, v, h): the derivative of E(v, h) is linear in either layer.
  void accumulate(const BatchView& v, const BatchView& h, const Row& weights,
                  Parameters& out) const {
    const Index size = weights_by_visible_.size();
    for (Index n = 0; n < v.cols(); ++n) {
      kernels<Real>().rank_one(-weights(n), v.col(n).data(), dim(), h.col(n).data(), hidden_.dim(),
                               out.data());
      out.segment(size, dim()) -= weights(n) * v.col(n).cast<double>();
      out.tail(hidden_.dim()) -= weights(n) * h.col(n).cast<double>();
    }
  }

  Domain visible_, hidden_;
  Batch weights_by_visible_;  ///< Wᵀ: column i is row i of W
  Batch weights_by_hidden_;   ///< W
  Vector b_, c_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Rbm>("rbm", "restricted Boltzmann machine with binary units",
                    "Hinton 2002, Neural Computation 14(8):1771-1800");
}
