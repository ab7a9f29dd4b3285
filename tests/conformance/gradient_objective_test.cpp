// Gradient estimators on every example of a model: what they climb, and what they ask of it.
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "conformance/model_subjects.hpp"
#include "support/rows.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// Specs of estimators that have more to show than their defaults and their choices.
const std::map<std::string, std::vector<std::string>> specs = {
    {"conditional_noise_contrastive", {"{name: conditional_noise_contrastive, neighbors: 3}"}},
    {"denoising_score_matching", {"{name: denoising_score_matching, sigma: 0.3, draws: 2}"}},
    {"joint_energy", {"{name: joint_energy, gradient: {name: contrastive_divergence}}"}},
    {"noise_contrastive_estimation",
     {"{name: noise_contrastive_estimation, noise_ratio: 2}",
      "{name: noise_contrastive_estimation, log_partition: 1.5}"}},
    {"pseudo_likelihood", {"{name: pseudo_likelihood}", "{name: pseudo_likelihood, block: 2}"}},
};

// The given specs, or else the defaults and every other choice that a field offers.
std::vector<std::string> specs_of(const std::string& name) {
  if (const auto found = specs.find(name); found != specs.end()) return found->second;
  std::vector<std::string> all = {"{name: " + name + "}"};
  Describer describer;
  registry().find(Kind::gradient, name)->fields(describer);
  for (const auto& [field, type, standard] : describer.items()) {
    std::vector<std::string> values = field.choices;
    if (type == "boolean") values = {"true", "false"};
    for (const std::string& value : values)
      if (!standard || standard->text != value)
        all.push_back("{name: " + name + ", " + field.name + ": " + value + "}");
  }
  return all;
}

// The first of its needs that the model lacks; empty where there is none.
std::string missing(const std::string& name, const EnergyModel& model) {
  const auto offered = capabilities_of(model);
  for (const std::string& need : registry().find(Kind::gradient, name)->needs)
    if (std::find(offered.begin(), offered.end(), need) == offered.end()) return need;
  return "";
}

// Visits every estimator, by every spec, on every example that it serves, with nine observations.
void each_pair(const std::function<void(const GradientEstimator&, const Subject&, const Rows& train,
                                        const std::string& spec)>& visit) {
  const std::vector<Subject> all = subjects(true);
  for (const std::string& name : registry().names(Kind::gradient))
    for (const std::string& spec : specs_of(name))
      for (const Subject& subject : all) {
        if (!missing(name, *subject).empty()) continue;
        const Rows train(subject.x.leftCols(9));
        std::unique_ptr<GradientEstimator> estimator;
        try {
          estimator = make_gradient(spec, context_with(*subject.model, &train));
        } catch (const Error&) {
          continue;  // the domain, say
        }
        INFO("gradient " << spec << " on " << subject.spec);
        visit(*estimator, subject, train, spec);
      }
}

GradientEstimate first_update(const GradientEstimator& estimator, const Rows& train) {
  Saved saved = estimator.init(Stream(7));
  return estimator.estimate(train.x(), saved, Stream(7).at(0));
}

// Models whose energy has kinks or poles, by x or by θ, that differences may meet.
bool is_rough(const std::string& spec) {
  return spec.find("relu") != std::string::npos || spec.find("link: square") != std::string::npos ||
         spec.find("link: absolute") != std::string::npos;
}

}  // namespace

// By central differences at equal random numbers, extrapolated from two steps. Of what joint_energy
// climbs only one part has a value.
TEST_CASE("where an estimator has an objective, its ascent is the gradient of it on every model") {
  if (!std::is_same_v<Real, double>) return;
  std::set<std::string> seen,
      without(specs.at("joint_energy").begin(), specs.at("joint_energy").end());
  each_pair([&](const GradientEstimator& estimator, const Subject& subject, const Rows& train,
                const std::string& spec) {
    if (without.contains(spec)) return;
    const GradientEstimate found = first_update(estimator, train);
    if (std::isnan(found.objective)) without.insert(spec);
    if (std::isnan(found.objective) || is_rough(subject.spec) || found.ascent.norm() < 1e-2) return;
    seen.insert(spec);
    auto& parametric = *subject.as<Parametric>();
    const Parameters theta = parametric.parameters(), direction = found.ascent.normalized();
    const auto at = [&](double step) {
      parametric.set_parameters(theta + step * direction);
      return first_update(estimator, train).objective;
    };
    const double h = 1e-3 / std::max(1.0, found.ascent.norm());
    const double wide = (at(h) - at(-h)) / (2 * h), narrow = (at(h / 2) - at(-h / 2)) / h;
    parametric.set_parameters(theta);
    CHECK(near((4 * narrow - wide) / 3, found.ascent.norm(), 1e-5));
  });
  for (const std::string name :
       {"conditional_noise_contrastive, neighbors: 3",
        "denoising_score_matching, sigma: 0.3, draws: 2", "discrete_kernel_stein", "kernel_stein",
        "minimum_probability_flow", "moment_matching",
        "noise_contrastive_estimation, noise_ratio: 2", "pseudo_likelihood", "ratio_matching",
        "score_matching", "sliced_score_matching"}) {
    CAPTURE(name);
    CHECK(seen.contains("{name: " + name + "}"));
  }
}

TEST_CASE("every gradient estimator names the ability that a model lacks") {
  int refused = 0;
  for (const Subject& subject : subjects(false))
    for (const std::string& name : registry().names(Kind::gradient)) {
      const std::string need = missing(name, *subject);
      if (need.empty()) continue;
      INFO("gradient " << name << " on " << subject.spec);
      const Rows train(subject.x);
      const std::string message =
          error_of([&] { make_gradient(specs_of(name)[0], context_with(*subject.model, &train)); });
      CHECK(message.find(need) != std::string::npos);
      ++refused;
    }
  CHECK(refused > 20);
}
