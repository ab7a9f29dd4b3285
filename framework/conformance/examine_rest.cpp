// Evaluations, optimizers and datasets under examination.
#include <algorithm>
#include <cmath>

#include "gibbsite/api/enumerate.hpp"
#include "gibbsite/conformance/comparison.hpp"
#include "gibbsite/conformance/examine.hpp"
#include "gibbsite/conformance/model_checks.hpp"
#include "gibbsite/conformance/models.hpp"

namespace gibbsite {
namespace {

template <class T>
std::unique_ptr<T> made(const Entry& entry, const Examination& how, const Context& context) {
  const PluginSpec spec =
      how.own ? how.own : resolved(entry.kind, "{name: " + entry.name + "}", context);
  return context.registry->make<T>(entry.kind, spec, context);
}

// Independent draws in the place of recorded ones.
class ExactRecord final : public Draws {
 public:
  ExactRecord(const EnergyModel& model, Index chains, Index draws)
      : chains_(chains), draws_(draws) {
    x_ = exact_draws(model, chains * draws, Stream(6));
    model.energy(x_, energy_);
  }
  Index chains() const override { return chains_; }
  Index draws() const override { return draws_; }
  Index dim() const override { return x_.rows(); }
  std::vector<Eigen::ArrayXXd> coordinates(Index first, Index count) const override {
    std::vector<Eigen::ArrayXXd> all;
    for (Index i = first; i < first + count; ++i) {
      const Row row = x_.row(i).cast<double>().array();
      all.push_back(table(row));
    }
    return all;
  }
  Eigen::ArrayXXd energy() const override { return table(energy_); }

 private:
  Eigen::ArrayXXd table(const Row& row) const {
    return Eigen::Map<const Eigen::ArrayXXd>(row.data(), draws_, chains_);
  }
  Index chains_, draws_;
  Batch x_;
  Row energy_;
};

class NoDesk final : public Desk {
 public:
  void report(double, double, const std::string&) override {}
};

Result evaluated(const Evaluation& evaluation, const Draws& draws) {
  NoDesk desk;
  Saved saved;
  return evaluation.evaluate({&draws, Stream(7), saved, desk});
}

std::vector<double> numbers(const Result& result) {
  std::vector<double> all;
  for (const Variable& one : result.variables)
    all.insert(all.end(), one.values.begin(), one.values.end());
  return all;
}

bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); });
}

double scalar(const Result& result, const std::string& name) {
  for (const Variable& one : result.variables)
    if (one.name == name && one.values.size() == 1) return one.values[0];
  return std::nan("");
}

// An estimate of ln Z against the exact one.
void judge_log_partition(const Result& result, const EnergyModel& model, const Workers& workers,
                         const std::string& title, Report& report) {
  const double found = scalar(result, "log_partition"), error = scalar(result, "standard_error");
  if (!std::isfinite(found) || exact_method(model).empty()) return;
  const double exact = exact_sum(model, workers, false).log_partition;
  const auto at = result.attributes.find("bound");
  const auto* text =
      at == result.attributes.end() ? nullptr : std::get_if<std::string>(&at->second);
  const std::string bound = text == nullptr ? "none" : *text;
  const double margin = 5 * (std::isfinite(error) ? error : 0) + tolerance_of(1e-8, 1e-3);
  const std::string figures = "on " + title + " ln Z = " + shown(found) + " (standard error " +
                              shown(error) + ", bound: " + bound + "), exactly " + shown(exact);
  const bool wrong =
      (bound == "lower" && found > exact + margin) ||
      (bound == "upper" && found < exact - margin) ||
      ((bound == "exact" || bound == "unbiased_Z") && std::abs(found - exact) > margin);
  if (wrong)
    report.fault("truth", figures + ": it is not what it claims");
  else
    report.well("truth", figures);
}

}  // namespace

void examine_evaluation(const Entry& entry, const Examination& how, Report& report) {
  report.judge("documentation", description_faults(entry),
               "summary, source and every field are there");
  const SmallModels small(how.context);
  std::vector<std::pair<std::string, EnergyModel*>> models = {
      {"gaussian", &small["gaussian"]},
      {"rbm", &small["rbm"]},
      {"ising on a checkerboard", &small["ising on a checkerboard"]}};
  if (how.own && how.context.model != nullptr) models = {{"your spec", how.context.model}};
  std::string reason;
  int ran = 0;
  for (const auto& [title, model] : models) {
    Context context = how.context;
    context.model = model;
    context.has_samples = true;
    const ExactRecord draws(*model, 4, 100);
    try {
      const auto evaluation = made<Evaluation>(entry, how, context);
      const Result one = evaluated(*evaluation, draws), two = evaluated(*evaluation, draws);
      ++ran;
      Sentences wrong;
      if (!same(numbers(one), numbers(two)))
        wrong.push_back("state is kept between calls, or random numbers come from elsewhere: " +
                        title + " gave other numbers the second time");
      report.judge("determinism", wrong,
                   "the same draws and seed give the same numbers (" + title + ")");
      wrong.clear();
      if (one.variables.empty()) wrong.emplace_back("it reports no variable");
      if (one.headline.empty()) wrong.emplace_back("it has no headline number for tables");
      const bool warns = one.attributes.contains("warning");
      for (const auto& [name, value] : one.headline)
        if (!std::isfinite(value) && !warns)
          wrong.push_back("headline " + name + " is " + number_text(value) + " without a warning");
      report.judge("result", wrong, "numbers, or a warning that says why not (" + title + ")");
      judge_log_partition(one, *model, *how.context.workers, title, report);
    } catch (const Error& fault) {
      reason = fault.what();
    }
  }
  if (ran == 0)
    report.fault("models", "it runs on no small model: " + reason + " (give it a spec by --spec)");
}

void examine_optimizer(const Entry& entry, const Examination& how, Report& report) {
  report.judge("documentation", description_faults(entry),
               "summary, source and every field are there");
  const auto one = made<Optimizer>(entry, how, how.context),
             two = made<Optimizer>(entry, how, how.context);
  // Uphill on -Σ k_i (θ_i - c_i)²/2.
  const Parameters centre = Parameters::LinSpaced(4, -1, 2),
                   stiffness = Parameters::LinSpaced(4, 0.5, 2);
  const auto ascent = [&](const Parameters& theta) {
    return Parameters(stiffness.cwiseProduct(centre - theta));
  };
  Parameters theta = Parameters::Zero(4), again = theta, resumed = theta;
  Slots slots, more, kept, halves;
  Sentences wrong;
  bool apart = false, lost = false, torn = false;
  const auto* elementwise = dynamic_cast<const ElementwiseOptimizer*>(one.get());
  Parameters parts = theta;
  if (elementwise != nullptr) elementwise->make_slots(halves, parts.size());
  const std::uint64_t updates = how.quick ? 2000 : 20000;
  const double before = (theta - centre).squaredNorm();
  for (std::uint64_t n = 0; n < updates; ++n) {
    one->update(theta, ascent(theta), slots, n);
    one->update(again, ascent(again), more, n);
    (n < 10 ? *one : *two).update(resumed, ascent(resumed), kept, n);
    apart = apart || again != theta;
    lost = lost || resumed != theta;
    if (elementwise != nullptr) {
      const Parameters up = ascent(parts);
      for (const Index first : {2, 0}) elementwise->update_entries(first, 2, parts, up, halves, n);
      torn = torn || parts != theta;
    }
    if (!(one->learning_rate(n) >= 0)) wrong.emplace_back("the learning rate is negative or NaN");
    if (!wrong.empty()) break;
  }
  if (apart)
    wrong.emplace_back(
        "state is kept between calls: two parameter vectors in turn disturb each other (what it "
        "remembers belongs into Slots)");
  else if (lost)
    wrong.emplace_back("a new object does not go on from the slots as the old one would have");
  if (torn)
    wrong.emplace_back(
        "steps taken in parts differ from those of the whole vector: a rule that needs all of θ at "
        "once is no ElementwiseOptimizer");
  report.judge("determinism", wrong, "what it remembers is in its slots alone");
  const double after = (theta - centre).squaredNorm();
  const std::string figures = std::to_string(updates) +
                              " updates on a concave quadratic bring the "
                              "distance to its top from " +
                              shown(std::sqrt(before)) + " to " + shown(std::sqrt(after));
  if (!theta.allFinite() || !(after < before))
    report.fault("direction", figures + ": it must climb (a sign, or a step that is too long?)");
  else
    report.well("direction", figures);
}

void examine_dataset(const Entry& entry, const Examination& how, Report& report) {
  report.judge("documentation", description_faults(entry),
               "summary, source and every field are there");
  Context context = how.context;
  context.model = nullptr;
  const auto data = made<Dataset>(entry, how, context), again = made<Dataset>(entry, how, context);
  Sentences wrong;
  if (data->size() < 1 || data->dim() < 1)
    return report.fault("shape", "it is empty: " + std::to_string(data->size()) + " of width " +
                                     std::to_string(data->dim()));
  const auto labels = data->labels();
  if (!labels.empty() && Index(labels.size()) != data->size())
    wrong.push_back("it has " + std::to_string(labels.size()) + " labels for " +
                    std::to_string(data->size()) + " configurations");
  const Batch all = data->all(Stream(8));
  if (!all.allFinite())
    wrong.push_back(std::to_string((!all.array().isFinite()).count()) + " values are not finite");
  report.judge(
      "shape", wrong,
      std::to_string(data->size()) + " configurations of width " + std::to_string(data->dim()));
  wrong.clear();
  if (again->all(Stream(8)) != all)
    wrong.emplace_back("the same seed gave other data: random numbers must come from c.random");
  const Index count = std::min<Index>(data->size(), 50);
  std::vector<Index> backwards;
  for (Index k = 0; k < count; ++k) backwards.push_back(count - 1 - k);
  Batch some(data->dim(), count), alone(data->dim(), 1);
  data->columns(backwards, Stream(8), some);
  const Index first[] = {0};
  data->columns(first, Stream(8), alone);
  Batch twice(data->dim(), 1);
  data->columns(first, Stream(8), twice);
  if (alone != twice)
    wrong.emplace_back("state is kept between calls: the same configuration came out otherwise");
  if (data->range() == std::pair<double, double>{0, 0} && some.rightCols(1) != all.leftCols(1))
    wrong.emplace_back("a configuration depends on which others are asked for with it");
  report.judge("determinism", wrong, "the same seed and numbers give the same configurations");
}

}  // namespace gibbsite
