// Spike-and-slab restricted Boltzmann machine (Courville, Bergstra & Bengio 2011, AISTATS 15), with
// slabs of one dimension and diagonal Λ:
//   E(v, s, h) = vᵀΛv/2 - Σ_i vᵀW_i s_i h_i + Σ_i a_i s_i²/2 - bᵀh,  v ∈ R^D, s ∈ R^N, h ∈ {0,1}^N
//   F(v) = vᵀΛv/2 - Σ_i ln(2π/a_i)/2 - Σ_i ln(1 + e^{b_i + (vᵀW_i)²/(2a_i)})   (s and h summed out)
//   v|h ~ N(0, C_h⁻¹) with C_h = Λ - Σ_i h_i W_i W_iᵀ/a_i, which must be positive definite for
//   every
// h; it is if it is for h = 1 … 1 (api/spiked_normal.hpp). Learned are W, b and the logarithms of
// Λ_d and a_i:
//   ∂F/∂W_i = -v E[s_i h_i|v],  ∂F/∂ln Λ_d = Λ_d v_d²/2,  ∂F/∂ln a_i = a_i E[s_i²|v]/2
#include <cmath>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

class SpikeSlabRbm final : public EnergyModel,
                           public Differentiable,
                           public Parametric,
                           public Normalized,
                           public Exact {
 public:
  struct Params {
    Index hidden = 0;
    std::optional<Index> visible;
    double weight_scale = 0.01, precision = 1, slab_precision = 1, spike_bias = 0;

    void fields(Fields& f) {
      f.integer("hidden", hidden,
                "number N of spikes, each with a slab; exact sums and draws need N <= 14",
                {.minimum = 1, .maximum = 1e5, .required = true});
      f.integer("visible", visible, "number D of visible units",
                {.minimum = 1, .maximum = 1e7, .unset = "the width of the data"});
      f.real("weight_scale", weight_scale, "standard deviation of the initial W", {.minimum = 0});
      f.positive("precision", precision, "initial Λ_d");
      f.positive("slab_precision", slab_precision, "initial a_i");
      f.real("spike_bias", spike_bias, "initial b_i");
    }
  };
  SpikeSlabRbm(const Params& p, const Context& c)
      : domain_(Domain::real(p.visible ? *p.visible : c.require_train().dim())), N_(p.hidden) {
    const Bilinear start(dim(), N_, p.weight_scale, c.random);
    Parameters theta(dim() * N_ + N_ + dim() + N_);
    theta << start.parameters().head(dim() * N_), Parameters::Constant(N_, p.spike_bias),
        Parameters::Constant(dim(), std::log(p.precision)),
        Parameters::Constant(N_, std::log(p.slab_precision));
    set_parameters(theta);
  }

  const Domain& domain() const override { return domain_; }
  bool offers(std::string_view ability) const override {
    return N_ <= SpikedNormal::most_spikes ||
           (ability != Normalized::name && ability != Exact::name);
  }
  std::vector<ParameterBlock> blocks() const override {
    return {{"W", {"visible", "hidden"}, {dim(), N_}},
            {"b", {"hidden"}, {N_}},
            {"log_precision", {"visible"}, {dim()}},
            {"log_slab_precision", {"hidden"}, {N_}}};
  }
  Parameters parameters() const override { return theta_; }
  void set_parameters(const Parameters& theta) override {
    const Eigen::ArrayXd precision = theta.segment(dim() * N_ + N_, dim()).array().exp();
    const Eigen::ArrayXd slab = theta.tail(N_).array().exp();
    const Eigen::MatrixXd W = theta.head(dim() * N_).reshaped(N_, dim()).transpose();
    if (!theta.allFinite() || !precision.inverse().isFinite().all() ||
        !slab.inverse().isFinite().all() || !precision.isFinite().all() || !slab.isFinite().all())
      throw Error("spike_slab_rbm: parameters must be finite, and so must Λ, a and their inverses");
    try {
      law_ = SpikedNormal(precision, W * slab.rsqrt().matrix().asDiagonal());
    } catch (const Error& error) {
      throw Error(std::string("spike_slab_rbm: ") + error.what());
    }
    theta_ = theta, W_ = W, precision_ = precision, slab_ = slab;
    b_ = theta.segment(dim() * N_, N_);
  }

  std::optional<double> log_partition(double beta) const override {
    if (beta != 1) return {};
    return law_.log_partition(b_) - 0.5 * (slab_ / (2 * std::numbers::pi)).log().sum();
  }
  bool expected_parameter_gradient(double beta, Parameters& out) const override {
    if (beta != 1) return false;
    Eigen::ArrayXd rate, squares;
    Eigen::MatrixXd slabs;  // E[v s_i h_i] √a_i; its product with W_i/√a_i is E[a_i s_i² - 1]
    law_.moments(b_, rate, squares, slabs);
    const Eigen::MatrixXd scaled = slabs * slab_.rsqrt().matrix().asDiagonal();
    Parameters all(theta_.size());
    all << -scaled.transpose().reshaped(), -rate.matrix(), (0.5 * precision_ * squares).matrix(),
        (0.5 + 0.5 * scaled.cwiseProduct(W_).colwise().sum().transpose().array()).matrix();
    out += all;
    return true;
  }
  void draw(Stream random, Eigen::Ref<Batch> x) const override { law_.draw(b_, random, x); }

 private:
  // E; fills P(h_i = 1|v), vᵀW_i and E[s_i h_i|v].
  double inspect(const Eigen::VectorXd& v, Eigen::ArrayXd& rate, Eigen::ArrayXd& field,
                 Eigen::ArrayXd& slab) const {
    field = (W_.transpose() * v).array();
    rate = b_ + field.square() / (2 * slab_);
    double energy = 0.5 * (precision_ * v.array().square()).sum() +
                    0.5 * (slab_ / (2 * std::numbers::pi)).log().sum();
    for (const double odds : rate) energy -= softplus(odds);
    rate = rate.unaryExpr(&sigmoid);
    slab = rate * field / slab_;
    return energy;
  }
  void do_energy(const BatchView& v, Row& energy) const override {
    Eigen::ArrayXd rate, field, slab;
    for (Index n = 0; n < v.cols(); ++n)
      energy(n) = inspect(v.col(n).cast<double>(), rate, field, slab);
  }
  void do_energy_and_gradient(const BatchView& v, Row& energy, Batch& gradient) const override {
    Eigen::ArrayXd rate, field, slab;
    for (Index n = 0; n < v.cols(); ++n) {
      const Eigen::VectorXd at = v.col(n).cast<double>();
      energy(n) = inspect(at, rate, field, slab);
      gradient.col(n) = (precision_.matrix().cwiseProduct(at) - W_ * slab.matrix()).cast<Real>();
    }
  }
  void do_parameter_gradient(const BatchView& v, const Row& weights,
                             Parameters& out) const override {
    Eigen::ArrayXd rate, field, slab;
    Parameters one(theta_.size());
    for (Index n = 0; n < v.cols(); ++n) {
      const Eigen::VectorXd at = v.col(n).cast<double>();
      inspect(at, rate, field, slab);
      one << -(slab.matrix() * at.transpose()).reshaped(), -rate.matrix(),
          (0.5 * precision_ * at.array().square()).matrix(), (0.5 + 0.5 * slab * field).matrix();
      out += weights(n) * one;
    }
  }

  Domain domain_;
  Index N_;
  Parameters theta_;
  Eigen::MatrixXd W_;  ///< dim x spikes
  Eigen::ArrayXd b_, precision_, slab_;
  SpikedNormal law_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<SpikeSlabRbm>("spike_slab_rbm",
                             "restricted Boltzmann machine whose units are a spike times a slab",
                             "Courville, Bergstra & Bengio 2011, AISTATS 15:233-241");
}
