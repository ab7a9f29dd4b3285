// How well a model of (x, y), y a class in the last coordinate, tells the class from x:
//   p(y|x) = e^{-E(x, y)} / Σ_c e^{-E(x, c)},  ŷ(x) = argmin_y E(x, y),
// which needs no ln Z. The error is the share of observations with ŷ ≠ y, the mean of ln p(y|x) a
// proper score. Calibration compares how sure the model is, max_y p(y|x), with how often it is
// right, in bins of equal width: the expected calibration error is
//   Σ_b (n_b / N) |share right in b - mean confidence in b|  (Guo et al. 2017, ICML).
// It is 0 for the right p(y|x) only as N grows: N observations alone make it about
// Σ_b √(n_b v_b 2/π) / N with v_b the variance of being right.
#include <gibbsite/api/class_marginal.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class Classification final : public Evaluation {
 public:
  struct Params {
    Index bins = 15;
    bool per_observation = false;
    void fields(Fields& f) {
      f.count("bins", bins, "bins of confidence, equally wide in [0, 1]");
      f.flag("per_observation", per_observation, "keep ŷ and ln p(y|x) of every observation");
    }
  };

  Classification(const Params& p, const Context& c)
      : params_(p), context_(c), marginal_(marginal_of(c)) {}

  Result evaluate(const Input& input) const override {
    Result result;
    add(result, context_.require_train(), "train", input.random);
    if (context_.test != nullptr) add(result, *context_.test, "test", input.random.split("test"));
    result.attributes = {{"bound", std::string("none")}, {"reliable", true}};
    return result;
  }

 private:
  struct Judgement {
    Eigen::ArrayXd predicted, log_p, confidence, right;
  };

  static std::unique_ptr<ClassMarginal> marginal_of(const Context& c) {
    const Dataset& train = c.require_train();
    if (train.labels().empty() || train.dim() != c.model->dim())
      throw Error(c.subject + ": needs data with their labels (data.with_labels: true)");
    try {
      return std::make_unique<ClassMarginal>(*c.model);
    } catch (const Error& fault) {
      throw Error(c.subject + ": " + fault.what());
    }
  }

  Judgement judge(const Dataset& data, const Stream& random) const {
    const Batch all = data.all(random);
    const Index n = all.cols(), width = marginal_->dim();
    Judgement found{Eigen::ArrayXd(n), Eigen::ArrayXd(n), Eigen::ArrayXd(n), Eigen::ArrayXd(n)};
    context_.workers->run(block_count(n), [&](Index b) {
      const Index first = b * block_width(n), count = std::min(block_width(n), n - first);
      const Table log_p = marginal_->log_class_probabilities(all.block(0, first, width, count));
      for (Index k = 0; k < count; ++k) {
        const Index y = Index(all(width, first + k));
        Index likeliest = 0;
        found.confidence(first + k) = std::exp(log_p.col(k).maxCoeff(&likeliest));
        found.predicted(first + k) = double(likeliest);
        found.log_p(first + k) = log_p(y, k);
        found.right(first + k) = likeliest == y ? 1 : 0;
      }
    });
    if (found.log_p.isNaN().any()) throw Diverged("an energy is NaN");
    return found;
  }

  void add(Result& result, const Dataset& data, const std::string& part,
           const Stream& random) const {
    const Judgement found = judge(data, random);
    const double n = double(found.right.size()), error = 1 - found.right.mean();
    result.scalar("error_" + part, error);
    result.scalar("error_" + part + "_standard_error", std::sqrt(error * (1 - error) / n));
    result.scalar("mean_log_probability_" + part, found.log_p.mean());
    result.scalar("calibration_error_" + part, add_calibration(result, found, part));
    result.headline.emplace_back("error_" + part, error);
    if (part == "test" || context_.test == nullptr) {
      result.headline.emplace_back("mean_log_probability_" + part, found.log_p.mean());
      if (!params_.per_observation) return;
      result.vector("predicted", "observation", found.predicted);
      result.vector("log_probability", "observation", found.log_p);
    }
  }

  // The bins, and the expected calibration error.
  double add_calibration(Result& result, const Judgement& found, const std::string& part) const {
    const Index bins = params_.bins;
    Eigen::ArrayXd count = Eigen::ArrayXd::Zero(bins), sure = count, right = count;
    for (Index n = 0; n < found.right.size(); ++n) {
      const Index b = std::min(bins - 1, Index(found.confidence(n) * double(bins)));
      count(b) += 1;
      sure(b) += found.confidence(n);
      right(b) += found.right(n);
    }
    const double error = (right - sure).abs().sum() / double(found.right.size());
    const std::string axis = "bin";
    result.vector("count_" + part, axis, count);
    result.vector("confidence_" + part, axis, sure / count);  // NaN in an empty bin
    result.vector("accuracy_" + part, axis, right / count);
    return error;
  }

  Params params_;
  Context context_;
  std::unique_ptr<ClassMarginal> marginal_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Classification>(
      "classification", "error, calibration and ln p(y|x) of a model of data and their classes",
      "Guo, Pleiss, Sun & Weinberger 2017, ICML, arXiv:1706.04599");
}
