// The mean log-likelihood of training and test data, ln p(x) = -E(x) - ln Z, by several estimators
// of ln Z side by side, and the sandwich of their bounds:
//   highest lower bound <= ln Z <= lowest upper bound,
// where an unbiased estimate of Z is a lower bound on average (Jensen). A lower bound on ln Z is an
// upper bound on log-likelihoods. How far the two are apart is the verdict (Grosse et al. 2015).
// Where hidden coordinates cannot be summed, `mean_log_likelihood_bound` is a variational lower
// bound on ln p(x): its interval is that of ln Z, and only its lower end bounds the likelihood too.
#include <gibbsite/api/estimate_summary.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;
using Summary = EstimateSummary;

// Keeps what is done of the estimators before, and of this one, in the caller's Saved.
class PartDesk final : public Desk {
 public:
  PartDesk(const Evaluation::Input& outer, std::vector<double> done, Saved& inner, double total)
      : outer_(outer), done_(std::move(done)), inner_(inner), total_(total) {}
  void report(double done, double total, const std::string& note) override {
    std::vector<double>& numbers = outer_.saved.numbers = done_;
    numbers.push_back(double(inner_.position));
    numbers.insert(numbers.end(), inner_.numbers.begin(), inner_.numbers.end());
    outer_.saved.chains = inner_.chains;
    outer_.desk.report(double(outer_.saved.position) + done / total, total_, note);
  }

 private:
  const Evaluation::Input& outer_;
  std::vector<double> done_;
  Saved& inner_;
  double total_;
};

class LogLikelihood final : public Evaluation {
 public:
  struct Params {
    std::vector<PluginSpec> estimators;
    double tolerance = .5;

    void fields(Fields& f) {
      f.plugins("estimators", estimators, Kind::evaluation,
                "estimators of log Z or of the likelihood", {.required = true});
      f.positive("tolerance", tolerance, "gap between the bounds, in nats, that is small enough");
    }
  };

  LogLikelihood(const Params& p, const Context& c) : params_(p) {
    c.require_train();
    for (const PluginSpec& spec : p.estimators) {
      estimators_.push_back(c.evaluation(spec));
      std::string name = spec.name;
      for (int n = 2; std::find(names_.begin(), names_.end(), name) != names_.end(); ++n)
        name = spec.name + "_" + std::to_string(n);
      names_.push_back(name);
    }
  }

  Result evaluate(const Input& input) const override {
    std::vector<double> done;
    std::vector<Summary> all;
    const double *at = input.saved.numbers.data(), *end = at + input.saved.numbers.size();
    for (std::uint64_t k = 0; k < input.saved.position; ++k) all.emplace_back(at).store(done);
    Saved inner;
    if (at != end)
      inner = {.position = std::uint64_t(at[0]),
               .numbers = std::vector<double>(at + 1, end),
               .chains = input.saved.chains};
    for (std::size_t k = std::size_t(input.saved.position); k < estimators_.size(); ++k) {
      PartDesk desk(input, done, inner, double(estimators_.size()));
      const Result result = estimators_[k]->evaluate({.draws = input.draws,
                                                      .random = input.random.split(names_[k]),
                                                      .saved = inner,
                                                      .desk = desk});
      all.emplace_back(result).store(done);
      inner = {};
      input.saved = {.position = std::uint64_t(k) + 1, .numbers = done};
      input.desk.report(double(k) + 1, double(estimators_.size()), names_[k]);
    }
    return conclude(all);
  }

 private:
  Result conclude(const std::vector<Summary>& all) const {
    const Sandwich bounds = sandwich_of(all);
    Result result;
    result.scalar("log_partition_lower", bounds.lower);
    result.scalar("log_partition_lower_standard_error", bounds.lower_error);
    result.scalar("log_partition_upper", bounds.upper);
    result.scalar("log_partition_upper_standard_error", bounds.upper_error);
    result.scalar("gap", bounds.gap());
    for (const auto& [name, number] : {std::pair{"log_partition", Summary::estimate},
                                       {"standard_error", Summary::standard_error},
                                       {"log_partition_low", Summary::low},
                                       {"log_partition_high", Summary::high}})
      result.vector("estimator_" + std::string(name), "estimator", column_of(all, number));
    for (const bool bounded : {false, true}) {
      add("train", bounded, Summary::train, all, bounds, result);
      add("test", bounded, Summary::test, all, bounds, result);
    }
    result.headline.emplace_back("gap", bounds.gap());
    judge(all, bounds, result);
    return result;
  }

  // Mean log-likelihoods of some data, or bounds on them: by each estimator, and between bounds.
  void add(const std::string& which, bool bounded, Summary::Number number,
           const std::vector<Summary>& all, const Sandwich& bounds, Result& result) const {
    const Likelihoods found = likelihoods_of(all, number, bounded);
    if (found.means.isNaN().all()) return;
    const std::string kind = bounded ? "bound_" + which : which,
                      name = "mean_log_likelihood_" + kind;
    if (bounded) result.attributes["likelihood_" + which] = std::string("variational_lower_bound");
    result.vector("estimator_" + name, "estimator", found.means);
    result.vector("estimator_" + name + "_standard_error", "estimator", found.errors);
    for (std::size_t k = 0; k < all.size(); ++k)
      result.headline.emplace_back(names_[k] + "_" + kind, found.means(Index(k)));
    for (const auto& [end, log_partition] :
         {std::pair{"_lower", bounds.upper}, {"_upper", bounds.lower}}) {
      result.scalar(name + end, found.log_weight - log_partition);
      result.headline.emplace_back(name + end, found.log_weight - log_partition);
    }
  }

  void judge(const std::vector<Summary>& all, const Sandwich& bounds, Result& result) const {
    const Verdict verdict(bounds, params_.tolerance);
    std::vector<std::string> warnings, kinds;
    if (!verdict.agree) warnings.push_back(verdict.text);
    for (std::size_t k = 0; k < all.size(); ++k) {
      kinds.push_back(names_[k] + " (" + all[k].bound + ")");
      if (!all[k].warning.empty()) warnings.push_back(names_[k] + ": " + all[k].warning);
    }
    result.attributes["bound"] = std::string(bounds.gap() == 0 ? "exact" : "none");
    result.attributes["sandwich"] = verdict.text;
    result.attributes["estimators"] = join(kinds);
    result.attributes["reliable"] = warnings.empty();
    if (!warnings.empty()) result.attributes["warning"] = join(warnings, "; ");
  }

  Params params_;
  std::vector<std::unique_ptr<Evaluation>> estimators_;
  std::vector<std::string> names_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<LogLikelihood>("log_likelihood", "log-likelihoods by several estimators, and bounds",
                              "Grosse, Ghahramani & Adams 2015, arXiv 1511.02543");
}
