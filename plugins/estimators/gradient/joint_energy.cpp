// Hybrid training of a classifier that is an energy (Grathwohl et al. 2020, JEM, ICLR; Larochelle &
// Bengio 2008, ICML; Lasserre, Bishop & Minka 2006): the ascent of
//   mean ln p(y|x) + λ mean ln p(x)      (`generative: x`), or
//   mean ln p(y|x) + λ mean ln p(x, y)   (`generative: xy`)
// for a model whose last coordinate is the class y, with data that have their labels there. The
// first term is exact,
//   ∂ ln p(y|x)/∂θ = -∂E(x, y)/∂θ + Σ_c p(c|x) ∂E(x, c)/∂θ,  p(c|x) = e^{-E(x, c)} / Σ_c' e^{-E(x,
//   c')},
// for the second any other estimator serves, on E(x) = -ln Σ_c e^{-E(x, c)} or on E(x, y). Its
// samples do not follow θ: no derivative of E through x is taken. The objective is
// mean ln p(y|x) over the update's rows, the part of the function that can be computed.
#include <gibbsite/api/averages.hpp>
#include <gibbsite/api/class_marginal.hpp>
#include <gibbsite/api/contrast.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class JointEnergy final : public GradientEstimator {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    double generative_weight = 1;
    std::string generative = "x";
    PluginSpec gradient;

    void fields(Fields& f) {
      f.real("generative_weight", generative_weight, "λ, the weight of the generative term",
             {.minimum = 0});
      f.choice("generative", generative, {"x", "xy"},
               "the generative term: ln p(x) with the class summed out, or ln p(x, y)");
      f.plugin("gradient", gradient, Kind::gradient, "the estimator of the generative term",
               {.required = true});
    }
  };

  JointEnergy(const Params& p, const Context& c)
      : weight_(p.generative_weight),
        of_x_(p.generative == "x"),
        workers_(*c.workers),
        marginal_(marginal_of(c)) {
    Context inner = c;
    if (of_x_) {
      inner.model = marginal_.get();
      for (const Dataset** data : {&inner.train, &inner.test})
        if (*data != nullptr)
          *data = data_.emplace_back(std::make_unique<WithoutClass>(**data)).get();
    }
    generative_ = inner.gradient(p.gradient);
  }

  std::vector<std::string> statistics() const override {
    std::vector<std::string> names = {"accuracy"};
    for (const std::string& name : generative_->statistics()) names.push_back(name);
    return names;
  }

  Saved init(Stream random) const override { return generative_->init(random); }

  GradientEstimate estimate(const BatchView& data, Saved& saved, Stream random) const override {
    const Index rows = data.cols(), width = marginal_->dim();
    GradientEstimate result =
        generative_->estimate(of_x_ ? Batch(data.topRows(width)) : Batch(data), saved, random);
    result.ascent *= weight_;
    std::vector<Part> parts(std::size_t(block_count(rows)));
    workers_.run(Index(parts.size()), [&](Index b) {
      const auto [first, count] = block_columns(b, rows);
      parts[std::size_t(b)] = classify(data.middleCols(first, count), double(rows));
    });
    result.objective = 0;
    double right = 0;
    for (const Part& part : parts) {
      result.ascent += part.ascent;
      result.objective += part.log_likelihood / double(rows);
      right += part.right / double(rows);
    }
    result.statistics.insert(result.statistics.begin(), right);
    return result;
  }

 private:
  // The sums of one block of rows.
  struct Part {
    Parameters ascent;
    double log_likelihood = 0, right = 0;
  };

  static std::unique_ptr<ClassMarginal> marginal_of(const Context& c) {
    c.require<Parametric>();
    try {
      return std::make_unique<ClassMarginal>(*c.model);
    } catch (const Error& fault) {
      throw Error(c.subject + ": " + fault.what());
    }
  }

  Part classify(const BatchView& data, double rows) const {
    const Index width = marginal_->dim();
    const auto x = data.topRows(width);
    const Table log_p = marginal_->log_class_probabilities(x);
    Table weights = log_p.exp();
    Part part{.ascent = Parameters::Zero(marginal_->parameters().size())};
    for (Index n = 0; n < data.cols(); ++n) {
      const Index y = Index(data(width, n));
      Index likeliest = 0;
      log_p.col(n).maxCoeff(&likeliest);
      part.log_likelihood += log_p(y, n);
      part.right += likeliest == y ? 1 : 0;
      weights(y, n) -= 1;
    }
    marginal_->class_parameter_gradient(x, weights / rows, part.ascent);
    return part;
  }

  double weight_;
  bool of_x_;
  const Workers& workers_;
  std::unique_ptr<ClassMarginal> marginal_;
  std::vector<std::unique_ptr<Dataset>> data_;
  std::unique_ptr<GradientEstimator> generative_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<JointEnergy>("joint_energy",
                            "ascent of ln p(y|x) + λ ln p(x) for a model of x and its class",
                            "Grathwohl et al. 2020, ICLR, arXiv 1912.03263");
}
