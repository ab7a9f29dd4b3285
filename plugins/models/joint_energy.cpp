// Joint energy-based model of x and its class y (Grathwohl et al. 2020, Your Classifier is Secretly
// an Energy Based Model and You Should Treat it Like One, ICLR).
//   E(x, y) = -f_θ(x)_y + λ|x|²/2,  E(x) = -ln Σ_y e^{f_θ(x)_y} + λ|x|²/2,
//   p(y|x) = softmax(f_θ(x))_y
// The domain is x, or with `joint` x and y as the last coordinate. Clamping x leaves the
// conditional model p(y|x) ∝ e^{f(x)_y}. The weight of ln p(y|x) against ln p(x) in hybrid training
// belongs to a gradient estimator, not to the energy.
// Where f is affine, f_y = w_y·x + b_y, and λ > 0: p(y) ∝ e^{b_y + |w_y|²/2λ}, x|y ~ N(w_y/λ, 1/λ).
#include <cmath>
#include <gibbsite/api/class_marginal.hpp>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

class JointEnergy final : public NetworkEnergy,
                          public Conditional,
                          public Normalized,
                          public Exact,
                          public NetworkClasses {
 public:
  struct Params {
    Index classes = 0;
    bool joint = false;
    std::vector<Index> shape;
    double reference_precision = 1;
    NetworkSettings network;

    void fields(Fields& f) {
      f.integer("classes", classes, "number K of classes y",
                {.minimum = 2, .maximum = 1e6, .required = true});
      f.flag("joint", joint, "a configuration is x and y, not x alone with y summed out");
      NetworkEnergy::shape_field(f, shape);
      network.layer_fields(f);
      NetworkEnergy::precision_field(f, reference_precision);
      network.weight_fields(f);
    }
  };

  JointEnergy(const Params& p, const Context& c)
      : JointEnergy(p, c, input_shape(p.shape, c, p.joint ? 1 : 0)) {}

  bool offers(std::string_view capability) const override {
    if (capability == AllClasses::name) return joint_;
    if (capability == Conditional::name) return joint_ && normal_;
    if (capability == Normalized::name || capability == Exact::name) return normal_;
    return NetworkEnergy::offers(capability);
  }

  // Given y all x are independent, and the other way round.
  std::vector<std::vector<Index>> independent_sets() const override {
    return {all_sites(network().inputs()), {network().inputs()}};
  }

  std::optional<double> log_partition(double beta) const override {
    if (!(beta > 0) || (!joint_ && beta != 1)) return {};
    return log_sum_exp(log_weights(beta)) +
           0.5 * double(network().inputs()) * std::log(2 * std::numbers::pi / (beta * precision()));
  }
  bool expected_parameter_gradient(double beta, Parameters& out) const override {
    if (!log_partition(beta)) return false;
    const Eigen::ArrayXd p = probabilities(log_weights(beta));
    const Index K = network().outputs(), D = network().inputs();
    for (Index y = 0; y < K; ++y) out.segment(y * D, D) -= p(y) / precision() * weight(y);
    out.tail(K) -= p.matrix();
    return true;
  }

  void draw(Stream random, Eigen::Ref<Batch> x) const override {
    const Eigen::ArrayXd p = probabilities(log_weights(1));
    const Row u = random.uniform(x.cols());
    Batch noise(network().inputs(), x.cols());
    random.normal(noise);
    for (Index n = 0; n < x.cols(); ++n) {
      Index y = 0;
      for (double below = p(0); u(n) >= below && y + 1 < p.size();) below += p(++y);
      x.col(n).head(noise.rows()) =
          (weight(y) / precision() + noise.col(n).cast<double>() / std::sqrt(precision()))
              .cast<Real>();
      if (joint_) x(noise.rows(), n) = Real(y);
    }
  }

 private:
  JointEnergy(const Params& p, const Context& c, const Shape& shape)
      : NetworkEnergy(p.joint ? with_class(shape.size(), p.classes) : Domain::real(shape.size()),
                      Network(shape, p.classes, p.network, c.random, c.subject),
                      p.reference_precision),
        NetworkClasses(network(), precision()),
        joint_(p.joint),
        normal_(p.network.layers.empty() && !p.network.spectral_normalisation &&
                p.reference_precision > 0) {}

  static Domain with_class(Index units, Index classes) {
    return {{{Domain::Kind::real, units, 0}, {Domain::Kind::categorical, 1, classes}}};
  }
  static Eigen::ArrayXd probabilities(const Eigen::ArrayXd& logs) {
    return (logs - log_sum_exp(logs)).exp();
  }

  // Of the affine network: w_y, and the logarithms of what p_β(y) is proportional to.
  Eigen::VectorXd weight(Index y) const {
    return network().parameters().segment(y * network().inputs(), network().inputs());
  }
  Eigen::ArrayXd log_weights(double beta) const {
    Eigen::ArrayXd logs = network().parameters().tail(network().outputs());
    for (Index y = 0; y < logs.size(); ++y) logs(y) += weight(y).squaredNorm() / (2 * precision());
    return beta * logs;
  }

  double energy_of(const Vector& outputs, const Real* x, Vector& slope) const override {
    if (joint_) {
      const Index y = Index(x[network().inputs()]);
      slope = -Vector::Unit(slope.size(), y);
      return -double(outputs(y));
    }
    const Eigen::ArrayXd f = outputs.cast<double>().array();
    slope = -probabilities(f).matrix().cast<Real>();
    return -log_sum_exp(f);
  }

  void do_natural(std::span<const Index> sites, const BatchView& x, Batch& natural) const override {
    natural.resize(natural_rows(domain().select(sites)), x.cols());
    const Index D = network().inputs();
    Network::Tape tape;
    for (Index n = 0; n < x.cols(); ++n) {
      Index row = 0;
      for (const Index i : sites) {
        if (i == D) {
          natural.col(n).segment(row, network().outputs()) = network().forward(x.col(n), tape);
          row += network().outputs();
        } else {
          natural(row++, n) = Real(network().parameters()(Index(x(D, n)) * D + i));
          natural(row++, n) = Real(precision());
        }
      }
    }
  }

  bool joint_, normal_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<JointEnergy>("joint_energy", "classifier as an energy of x, or of x and its class",
                            "Grathwohl et al. 2020, ICLR, arXiv 1912.03263");
}
