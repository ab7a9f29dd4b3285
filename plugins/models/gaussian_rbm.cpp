// Gaussian-Bernoulli restricted Boltzmann machine in the form of Cho, Ilin & Raiko (2011, ICANN):
//   E(v, h) = Σ_i (v_i - b_i)²/(2σ_i²) - cᵀh - Σ_ij v_i W_ij h_j/σ_i²,  v ∈ R^D, h ∈ {0,1}^M
//   P(h_j = 1|v) = σ(c_j + Σ_i W_ij v_i/σ_i²),  v|h ~ N(b + W h, diag σ²)
// (Hinton 2012 has v_i/σ_i in the last term of E: his W_ij is W_ij/σ_i here.) Learned are W, b, c
// and log_variance z_i = ln σ_i², any real number:
//   ∂E/∂z_i = v_i (W h)_i/σ_i² - (v_i - b_i)²/(2σ_i²);
// with learn_variance off σ is constant and there is no such block.
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class GaussianRbm final : public BilinearModel, public Differentiable {
 public:
  struct Params : BilinearParams {
    std::vector<double> standard_deviations;
    bool learn_variance = true;

    void fields(Fields& f) {
      BilinearParams::fields(f);
      f.reals("standard_deviations", standard_deviations, "initial σ_i: D values, or 1 for all",
              {.minimum = 0, .above_minimum = true, .unset = "those of the data, 1 without data"});
      f.flag("learn_variance", learn_variance, "whether ln σ² is learned or σ stays as it is");
    }
  };

  GaussianRbm(const Params& p, const Context& c)
      : BilinearModel("gaussian_rbm", Domain::real(p.width(c)), Domain::binary(p.hidden),
                      {p.width(c), p.hidden, p.weight_scale, c.random}),
        learned_(p.learn_variance) {
    const Index given = Index(p.standard_deviations.size()), D = dim();
    if (given > 1 && given != D)
      throw Error(c.subject + ": standard_deviations: must have 1 or " + std::to_string(D) +
                  " values, got " + std::to_string(given));
    if (const auto law = p.visible_law(visible_, c)) {
      const auto rows = law->reshaped(2, D);
      pairs_.set_visible_bias(rows.row(0).cwiseQuotient(rows.row(1)).transpose());
    }
    Eigen::VectorXd log_variance = Eigen::VectorXd::Zero(D);
    if (given == 0 && c.train != nullptr && c.train->dim() == D) {
      const Vector law = Independent::from_data(visible_, *c.train, 0).natural_parameters();
      log_variance = -law.reshaped(2, D).row(1).cast<double>().array().log();
    }
    for (Index i = 0; i < D && given > 0; ++i)
      log_variance(i) = 2 * std::log(p.standard_deviations[std::size_t(given == 1 ? 0 : i)]);
    set_log_variance(log_variance);
  }

  void visible_energy(const BatchView& v, Row& energy) const override {
    energy.resize(v.cols());
    const Eigen::ArrayXd b = pairs_.visible_bias().cast<double>().array();
    for (Index n = 0; n < v.cols(); ++n)
      energy(n) = 0.5 * (precision_ * (v.col(n).cast<double>().array() - b).square()).sum();
  }
  void gradient_over_hidden(const BatchView& v, const BatchView& hidden_natural, const Row& weights,
                            Parameters& out) const override {
    accumulate(v, mean(hidden_, hidden_natural), Batch::Zero(dim(), v.cols()), weights, out);
  }
  void gradient_over_visible(const BatchView& visible_natural, const BatchView& h,
                             const Row& weights, Parameters& out) const override {
    Batch variance(dim(), h.cols());
    for (Index i = 0; i < dim(); ++i)
      variance.row(i) = visible_natural.row(2 * i + 1).cwiseInverse();
    accumulate(mean(visible_, visible_natural), h, variance, weights, out);
  }

  std::vector<ParameterBlock> blocks() const override {
    auto all = pairs_.blocks();
    if (learned_) all.push_back({"log_variance", {"visible"}, {dim()}});
    return all;
  }
  Parameters parameters() const override {
    Parameters theta(pairs_.size() + (learned_ ? dim() : 0));
    theta << pairs_.parameters(), log_variance_.head(theta.size() - pairs_.size());
    return theta;
  }
  void set_parameters(const Parameters& theta) override {
    const Eigen::VectorXd log_variance = learned_ ? theta.tail(dim()) : log_variance_;
    const Eigen::Array<Real, Eigen::Dynamic, 1> precision =
        (-log_variance.array()).exp().cast<Real>();
    if (!log_variance.allFinite() || !precision.isFinite().all() ||
        !precision.inverse().isFinite().all())
      throw Error("gaussian_rbm: log_variance: must be finite, and so must σ² and 1/σ²");
    pairs_.set_parameters(theta.head(pairs_.size()), name_);
    set_log_variance(log_variance);
  }

 private:
  void set_log_variance(const Eigen::VectorXd& log_variance) {
    log_variance_ = log_variance;
    precision_ = (-log_variance.array()).exp();
  }
  Batch scaled(const BatchView& v) const {
    return precision_.matrix().cast<Real>().asDiagonal() * v;
  }

  void do_energy_and_gradient(const BatchView& v, Row& energy, Batch& gradient) const override {
    Batch eta, field;
    do_hidden_natural(v, eta);
    visible_energy(v, energy);
    energy -= log_partition(hidden_, eta);
    pairs_.visible_field(mean(hidden_, eta), field);
    gradient = scaled(v - field);  // (v - E[v|h])/σ², with h at its mean
  }
  void do_hidden_natural(const BatchView& v, Batch& natural) const override {
    pairs_.hidden_field(scaled(v), natural);
  }
  void do_visible_natural(const BatchView& h, Batch& natural) const override {
    Batch field;
    pairs_.visible_field(h, field);
    natural.resize(2 * dim(), h.cols());
    for (Index i = 0; i < dim(); ++i) {
      natural.row(2 * i) = field.row(i) * Real(precision_(i));
      natural.row(2 * i + 1).setConstant(Real(precision_(i)));
    }
  }

  // Of v with the given mean and variance, independent of h, which may be a mean.
  void accumulate(const BatchView& v, const BatchView& h, const BatchView& variance,
                  const Row& weights, Parameters& out) const {
    const Index D = dim();
    const Eigen::ArrayXd b = pairs_.visible_bias().cast<double>().array();
    Batch field;
    pairs_.visible_field(h, field);
    pairs_.accumulate(scaled(v), h, weights, out);
    for (Index n = 0; n < v.cols(); ++n) {
      out.segment(D * hidden_.dim(), D).array() += weights(n) * precision_ * b;
      if (!learned_) continue;
      const Eigen::ArrayXd mean = v.col(n).cast<double>().array();
      const Eigen::ArrayXd pull = mean * (field.col(n).cast<double>().array() - b);
      const Eigen::ArrayXd squares = (mean - b).square() + variance.col(n).cast<double>().array();
      out.tail(D).array() += weights(n) * precision_ * (pull - 0.5 * squares);
    }
  }

  bool learned_;
  Eigen::VectorXd log_variance_;
  Eigen::ArrayXd precision_;  ///< 1/σ²
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<GaussianRbm>("gaussian_rbm", "restricted Boltzmann machine of real visible units",
                            "Cho, Ilin & Raiko 2011, ICANN, LNCS 6791:10-17");
}
