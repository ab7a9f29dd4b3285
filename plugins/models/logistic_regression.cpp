// Posterior of Bayesian logistic regression (Gelman et al. 2008, Ann. Appl. Stat. 2:1360; the
// benchmark of Girolami & Calderhead 2011, J. R. Stat. Soc. B 73:123).
//   y_n ~ Bernoulli(σ(w·x_n + w_0)),  w ~ N(0, s² I):
//   E(w) = Σ_n (ln(1 + e^{η_n}) - y_n η_n) + |w|²/2s²,  η_n = w·x_n + w_0,
//   ∇E = Σ_n (σ(η_n) - y_n) (x_n, 1) + w/s²
// A configuration is one (w, w_0). ∫ e^{-E} dw is, up to the prior's (2πs²)^{d/2}, the evidence.
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class LogisticRegression final : public EnergyModel, public Differentiable, public Minibatch {
 public:
  struct Params {
    PluginSpec dataset;
    Index positive = 1;
    double prior_scale = 1;
    bool standardize = true;
    bool intercept = true;

    void fields(Fields& f) {
      f.plugin("dataset", dataset, Kind::dataset, "features x_n with their class numbers",
               {.required = true});
      f.integer("positive", positive, "the class number that counts as y = 1; all others are 0");
      f.positive("prior_scale", prior_scale, "standard deviation s of the normal prior");
      f.flag("standardize", standardize,
             "features shifted and scaled to mean 0 and variance 1; constant ones become 0");
      f.flag("intercept", intercept, "whether there is a weight w_0, the last coordinate");
    }
  };
  LogisticRegression(const Params& p, const Context& c)
      : prior_precision_(1 / (p.prior_scale * p.prior_scale)) {
    const auto data = c.dataset(p.dataset);
    const std::vector<int> labels = data->labels();
    if (labels.empty()) throw Error(c.subject + ": dataset: must have class numbers");
    const Index positives = std::count(labels.begin(), labels.end(), int(p.positive));
    if (positives == 0 || positives == Index(labels.size()))
      throw Error(c.subject + ": positive: some but not all observations must be of class " +
                  std::to_string(p.positive) + ", got " + std::to_string(positives) + " of " +
                  std::to_string(labels.size()));
    Batch features = data->all(c.random);
    if (p.standardize) standardize(features);
    design_ = Batch::Ones(features.rows() + (p.intercept ? 1 : 0), features.cols());
    design_.topRows(features.rows()) = features;
    by_observation_ = design_.transpose();
    y_.resize(design_.cols());
    for (Index n = 0; n < y_.size(); ++n) y_(n) = Real(labels[std::size_t(n)] == p.positive);
    domain_ = Domain::real(design_.rows());
  }

  const Domain& domain() const override { return domain_; }
  Index observations() const override { return y_.size(); }

 private:
  static void standardize(Batch& features) {
    for (Index i = 0; i < features.rows(); ++i) {
      const Eigen::ArrayXd x = features.row(i).cast<double>().transpose();
      const double deviation = std::sqrt((x - x.mean()).square().mean());
      features.row(i) =
          ((x - x.mean()) / (deviation > 0 ? deviation : 1)).matrix().cast<Real>().transpose();
    }
  }

  // η_n of every observation at the weights w.
  void predict(const BatchView& w, Index column, Vector& eta) const {
    eta.resize(y_.size());
    const Vector zero = Vector::Zero(y_.size());
    kernels<Real>().affine(by_observation_.data(), y_.size(), y_.size(), dim(), zero.data(),
                           w.col(column).data(), dim(), 1, eta.data(), y_.size());
  }
  double energy_at(const BatchView& w, Index column, const Vector& eta) const {
    double sum = 0.5 * prior_precision_ * w.col(column).cast<double>().squaredNorm();
    for (Index n = 0; n < eta.size(); ++n)
      sum += softplus(double(eta(n))) - double(y_(n)) * double(eta(n));
    return sum;
  }

  void do_energy(const BatchView& w, Row& energy) const override {
    Vector eta;
    for (Index c = 0; c < w.cols(); ++c) {
      predict(w, c, eta);
      energy(c) = energy_at(w, c, eta);
    }
  }
  void do_energy_and_gradient(const BatchView& w, Row& energy, Batch& gradient) const override {
    Vector eta, residual(y_.size());
    for (Index c = 0; c < w.cols(); ++c) {
      predict(w, c, eta);
      energy(c) = energy_at(w, c, eta);
      kernels<Real>().sigmoid(eta.data(), residual.data(), eta.size());
      residual -= y_;
      const Vector prior = Real(prior_precision_) * w.col(c);
      kernels<Real>().affine(design_.data(), dim(), dim(), y_.size(), prior.data(), residual.data(),
                             y_.size(), 1, gradient.col(c).data(), dim());
    }
  }

  void do_minibatch_gradient(const BatchView& w, Index count, const Stream& random,
                             Batch& gradient) const override {
    const double share = double(y_.size()) / double(count);
    for (Index c = 0; c < w.cols(); ++c) {
      Stream own = random.chains_from(c);
      Eigen::VectorXd sum = prior_precision_ * w.col(c).cast<double>();
      for (Index k = 0; k < count; ++k) {
        const Index n = own.below(y_.size(), 1)(0);
        const double eta = design_.col(n).cast<double>().dot(w.col(c).cast<double>());
        sum += share * (sigmoid(eta) - double(y_(n))) * design_.col(n).cast<double>();
      }
      gradient.col(c) = sum.cast<Real>();
    }
  }

  Domain domain_;
  double prior_precision_;
  Batch design_, by_observation_;  ///< (x_n, 1), coordinate x observation and its transpose
  Vector y_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<LogisticRegression>("logistic_regression",
                                   "posterior of the weights of a Bayesian logistic regression",
                                   "Girolami & Calderhead 2011, J. R. Stat. Soc. B 73:123-214");
}
