#include <cmath>

#include "gibbsite/api/averages.hpp"
#include "gibbsite/conformance/comparison.hpp"
#include "gibbsite/conformance/examine.hpp"
#include "gibbsite/conformance/model_checks.hpp"
#include "gibbsite/conformance/models.hpp"
#include "gibbsite/conformance/sampler_figures.hpp"
#include "gibbsite/core/numerics.hpp"

namespace gibbsite {
namespace {

// An estimator on a model and data whose exact gradient is known.
struct Case {
  std::string title;
  PluginSpec spec;
  Context context;
  Batch data;
};

std::unique_ptr<GradientEstimator> made(const Case& c, const Workers* workers = nullptr) {
  Context context = c.context;
  if (workers != nullptr) context.workers = workers;
  return context.registry->make<GradientEstimator>(Kind::gradient, c.spec, context);
}

Sentences determinism_faults(const Case& c) {
  const auto one = made(c), two = made(c);
  const Workers single(1);
  const auto alone = made(c, &single);
  Saved a = one->init(Stream(1)), again = a, serial = a, resumed = a;
  Sentences wrong;
  for (std::uint64_t call = 0; call < 4; ++call) {
    const auto estimate = [&](const GradientEstimator& g, Saved& saved) {
      return g.estimate(c.data, saved, Stream(2).at(call)).ascent;
    };
    const Parameters first = estimate(*one, a), second = estimate(*one, again),
                     third = estimate(*alone, serial),
                     fourth = estimate(call < 2 ? *one : *two, resumed);
    if (first != second)
      return {
          "state is kept between calls: the same state and random numbers gave another "
          "gradient the second time (all that changes belongs into Saved)"};
    if (first != third) return {"the gradient depends on the number of threads"};
    if (first != fourth)
      return {"a new object does not go on from what Saved holds as the old one would have"};
    if (!first.allFinite()) wrong.push_back("call " + std::to_string(call) + " is not finite");
  }
  return wrong;
}

Sentences shape_faults(const Case& c) {
  const auto estimator = made(c);
  Saved saved = estimator->init(Stream(1));
  const GradientEstimate found = estimator->estimate(c.data, saved, Stream(2));
  const auto size = c.context.model->capability<Parametric>()->parameters().size();
  Sentences wrong;
  if (found.ascent.size() != size)
    wrong.push_back("ascent has " + std::to_string(found.ascent.size()) + " entries instead of " +
                    std::to_string(size));
  if (found.statistics.size() != estimator->statistics().size())
    wrong.push_back("declares " + std::to_string(estimator->statistics().size()) +
                    " statistics but reports " + std::to_string(found.statistics.size()));
  return wrong;
}

// The mean of many calls, as many as `seconds` of processor time allow but 50 at least, against
// the exact gradient: its standard error says what could have been found.
void direction(const Case& c, Index most_calls, double seconds, Report& report) {
  Parameters exact = exact_sum(*c.context.model, *c.context.workers, true).expected_gradient;
  const auto& parametric = *c.context.model->capability<Parametric>();
  add_mean_gradient(parametric, c.data, -1, *c.context.workers, exact);
  const auto estimator = made(c);
  Saved saved = estimator->init(Stream(3));
  std::vector<Moments> moments(std::size_t(exact.size()));
  const double began = processor_seconds();
  Index calls = 0;
  for (; calls < most_calls && (calls < 50 || processor_seconds() - began < seconds); ++calls) {
    const Parameters one =
        estimator->estimate(c.data, saved, Stream(4).at(std::uint64_t(calls))).ascent;
    for (Index i = 0; i < exact.size(); ++i) moments[std::size_t(i)].add(one(i));
  }
  Parameters mean(exact.size());
  double variance = 0;
  for (Index i = 0; i < exact.size(); ++i) {
    mean(i) = moments[std::size_t(i)].mean;
    variance += moments[std::size_t(i)].variance() / double(calls);
  }
  const double bias = (mean - exact).norm(), error = std::sqrt(variance), size = exact.norm();
  const double cosine = mean.dot(exact) / (mean.norm() * size);
  const double factor = mean.dot(exact) / (size * size);
  const std::string figures = "on " + c.title + " the mean of " + std::to_string(calls) +
                              " calls is off by " + shown(bias / size) +
                              " of the exact gradient (standard error " + shown(error / size) +
                              "), cosine " + shown(cosine);
  if (!(cosine > 0) && error < 0.3 * size)
    report.fault("direction", figures + ": it points downhill (a sign?)");
  else if (bias < 4 * error)
    report.well("direction", figures + ": unbiased as far as this tells");
  else if (cosine > 0.99 && std::abs(factor - 1) > 0.2)
    report.note("direction", figures + ": " + shown(factor) +
                                 " times the gradient of the likelihood (a factor, or another "
                                 "objective?)");
  else
    report.note("direction", figures + ": biased, as some estimators are");
}

}  // namespace

void examine_gradient(const Entry& entry, const Examination& how, Report& report) {
  report.judge("documentation", description_faults(entry),
               "summary, source and every field are there");
  std::vector<std::unique_ptr<EnergyModel>> models;
  std::vector<std::unique_ptr<Dataset>> data;
  std::vector<Case> cases;
  std::string reason = "a parameter is required";
  const auto add = [&](const std::string& title, const PluginSpec& spec, const Context& context) {
    Case one{title, spec, context, context.train->observed().all(Stream(5))};
    try {
      const auto built = made(one);
      cases.push_back(std::move(one));
    } catch (const Error& fault) {
      reason = fault.what();
    }
  };
  if (how.own && how.context.train != nullptr) add("your spec", how.own, how.context);
  for (const auto& [model, set] :
       {std::pair{"{name: rbm, visible: 4, hidden: 3}", "{name: bars_and_stripes, side: 2}"},
        std::pair{"{name: gaussian, units: 2}", "{name: two_moons, size: 60, seed: 1}"}}) {
    Context context = how.context;
    context.model = nullptr;
    models.push_back(model_of(model, context));
    data.push_back(context.registry->make<Dataset>(Kind::dataset,
                                                   resolved(Kind::dataset, set, context), context));
    context.train = data.back().get();
    context.model = models.back().get();
    move_parameters(*context.model, data.back()->all(Stream(5)));
    for (const std::string& yaml : specs_by_default(entry)) try {
        add(yaml + " with " + model, resolved(Kind::gradient, yaml, context), context);
      } catch (const Error& fault) {
        reason = fault.what();
      }
  }
  if (cases.empty()) return report.fault("models", "it runs on no small model: " + reason);
  const auto on_all = [&](const std::string& name, const std::string& otherwise, auto check) {
    Sentences wrong;
    for (const Case& one : cases)
      for (const std::string& sentence : check(one))
        if (wrong.empty()) wrong.push_back(one.title + ": " + sentence);
    report.judge(name, wrong, otherwise);
    return wrong.empty();
  };
  if (!on_all("shape", "one number per parameter", shape_faults)) return;
  on_all("determinism", "same bits from the same state, on one thread and two, and after a resume",
         determinism_faults);
  for (const Case& one : cases)
    if (!exact_method(*one.context.model).empty())
      direction(one, how.quick ? 1000 : 20000, (how.quick ? 4.0 : 120.0) / double(cases.size()),
                report);
}

}  // namespace gibbsite
