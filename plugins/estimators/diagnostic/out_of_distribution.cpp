// Whether energies tell data of the model's kind from others (Hendrycks & Gimpel 2017, ICLR;
// Grathwohl et al. 2020, ICLR, section 5.3): with scores E(x), where the model has classes
// -ln Σ_y e^{-E(x, y)}, of n data inside and m outside,
//   AUROC = P(E_outside > E_inside) + P(E_outside = E_inside) / 2,
// 1 where one threshold tells them apart and 1/2 where energies say nothing. ln Z cancels. Its
// standard error is that of DeLong, DeLong & Clarke-Pearson (1988): with
//   V_i = share of the outside above E_i (ties half),  U_j = share of the inside below E_j,
//   var = var(V) / n + var(U) / m.
#include <algorithm>
#include <cmath>
#include <gibbsite/api/averages.hpp>
#include <gibbsite/api/class_marginal.hpp>
#include <gibbsite/api/prepared.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

// The share of `others` below each score, those equal to it counted half.
Eigen::ArrayXd shares_below(const Eigen::ArrayXd& scores, Eigen::ArrayXd others) {
  std::sort(others.begin(), others.end());
  return scores.unaryExpr([&](double score) {
    const auto [first, last] = std::equal_range(others.begin(), others.end(), score);
    const double below = double(first - others.begin()), equal = double(last - first);
    return (below + equal / 2) / double(others.size());
  });
}

double variance_of_mean(const Eigen::ArrayXd& values) {
  const double n = double(values.size());
  return n < 2 ? std::numeric_limits<double>::quiet_NaN()
               : (values - values.mean()).square().sum() / (n - 1) / n;
}

class OutOfDistribution final : public Evaluation {
 public:
  struct Params {
    PluginSpec outside;
    std::vector<Index> classes;
    bool per_observation = false;

    void fields(Fields& f) {
      f.plugin("outside", outside, Kind::dataset,
               "the data outside, prepared as the spec's own data are", {.required = true});
      f.integers("classes", classes, "of these classes of it only", {.minimum = 0, .unset = "all"});
      f.flag("per_observation", per_observation, "keep the energies of all observations");
    }
  };

  OutOfDistribution(const Params& p, const Context& c)
      : params_(p), context_(c), whole_(c.dataset(p.outside)) {
    const Dataset& train = c.require_train();
    try {
      outside_ = prepared_like(train, *whole_, p.classes);
      if (const auto* own = dynamic_cast<const Prepared*>(&train.observed());
          own != nullptr && own->preparation().with_labels) {
        marginal_ = std::make_unique<ClassMarginal>(*c.model);
        for (const Dataset* data : {c.train, c.test})
          if (data != nullptr) without_class_.push_back(std::make_unique<WithoutClass>(*data));
      }
      if (outside_->dim() != score_model().dim())
        throw Error("has " + std::to_string(outside_->dim()) + " coordinates, but the model has " +
                    std::to_string(score_model().dim()));
    } catch (const Error& fault) {
      throw Error(c.subject + ": outside: " + fault.what());
    }
  }

  Result evaluate(const Input& input) const override {
    const Dataset& inside = marginal_ != nullptr       ? *without_class_.back()
                            : context_.test != nullptr ? *context_.test
                                                       : context_.require_train();
    const Eigen::ArrayXd in = energies(score_model(), inside, *context_.workers,
                                       input.random.split("inside")),
                         out = energies(score_model(), *outside_, *context_.workers,
                                        input.random.split("outside"));
    const Eigen::ArrayXd below = shares_below(out, in), above = 1 - shares_below(in, out);
    const double area = below.mean();
    const double error = std::sqrt(variance_of_mean(below) + variance_of_mean(above));
    Result result;
    result.scalar("area_under_roc", area);
    result.scalar("standard_error", error);
    result.scalar("mean_energy_inside", in.mean());
    result.scalar("mean_energy_outside", out.mean());
    if (params_.per_observation) {
      result.vector("energy_inside", "observation", in);
      result.vector("energy_outside", "outside_observation", out);
    }
    result.headline = {{"area_under_roc", area}};
    result.attributes = {{"bound", std::string("none")},
                         {"reliable", true},
                         {"inside", std::string(context_.test != nullptr ? "test" : "train")}};
    if (context_.test != nullptr) return result;
    result.attributes["reliable"] = false;
    result.attributes["warning"] = std::string(
        "there are no test data: energies of the training data are lower than those "
        "of new data of their kind");
    return result;
  }

 private:
  const EnergyModel& score_model() const {
    return marginal_ != nullptr ? static_cast<const EnergyModel&>(*marginal_) : *context_.model;
  }

  Params params_;
  Context context_;
  std::unique_ptr<Dataset> whole_;
  std::unique_ptr<Prepared> outside_;
  std::unique_ptr<ClassMarginal> marginal_;  ///< null where data have no classes
  std::vector<std::unique_ptr<WithoutClass>> without_class_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<OutOfDistribution>(
      "out_of_distribution", "area under the ROC curve of energies, data against other data",
      "Grathwohl et al. 2020, ICLR, arXiv:1912.03263; DeLong et al. 1988, Biometrics 44:837-845");
}
