#include "gibbsite/run/findings.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "gibbsite/io/yaml.hpp"
#include "gibbsite/run/grid.hpp"

namespace gibbsite {
namespace {

constexpr double growth_limit = 10, age_limit = 100;
constexpr double weight_share_limit = 0.1, largest_weight_limit = 0.3, pareto_limit = 0.7,
                 gap_limit = 1;

double median(std::vector<double> values) {
  const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void gradients(const std::vector<double>& norms, std::vector<Finding>& findings) {
  if (std::any_of(norms.begin(), norms.end(), [](double g) { return !std::isfinite(g); }))
    findings.push_back({"training", "a gradient norm is not finite", "lower the learning rate"});
  const std::size_t tenth = norms.size() / 10;
  if (tenth < 2) return;
  const double first = median({norms.begin(), norms.begin() + std::ptrdiff_t(tenth)});
  const double last = median({norms.end() - std::ptrdiff_t(tenth), norms.end()});
  if (last > growth_limit * first)
    findings.push_back({"training",
                        "gradients grow: the median norm of the last tenth is " +
                            judged_digits(last) + ", of the first tenth " + judged_digits(first),
                        "lower the learning rate, clip gradients, or regularise"});
}

// Whether particles go on from update to update: the spec says so, or their greatest age never
// falls. Chains that start anew in every update are short by intention.
bool particles_last(const Hdf5Reader& file) {
  const std::string spec = file.text_attribute("/", "spec");
  if (!spec.empty()) {
    const Node root = parse_yaml(spec, "spec", trusted_yaml);
    if (const Node* persistent = find_path(root, "train.gradient.persistent"))
      return persistent->as_boolean().value_or(false);
  }
  if (!file.has("/training/max_chain_age")) return false;
  const auto ages = file.read("/training/max_chain_age");
  return ages.size() > 4 && ages.back() > ages.front() && std::is_sorted(ages.begin(), ages.end());
}

std::optional<double> number(const Hdf5Reader& file, const std::string& path) {
  if (!file.has(path) || !file.shape(path).empty()) return {};
  return file.read(path)[0];
}

double count_of(const std::vector<std::size_t>& shape) {
  double count = 1;
  for (const std::size_t extent : shape) count *= double(extent);
  return count;
}

}  // namespace

std::string judged_digits(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

std::vector<Finding> training_findings(const Hdf5Reader& file) {
  std::vector<Finding> findings;
  const auto add = [&](std::string what, std::string advice) {
    findings.push_back({"training", std::move(what), std::move(advice)});
  };
  if (!file.has("/training")) return findings;
  const std::string divergence = file.text_attribute("/training", "divergence");
  const std::string warning = file.text_attribute("/training", "warning");
  if (!divergence.empty())
    add("it diverged: " + divergence, "lower the learning rate or clip gradients");
  if (!warning.empty()) add(warning, "see the column it names in /training");
  if (file.has("/rollbacks/update")) {
    const std::size_t times = file.shape("/rollbacks/update")[0];
    add("it diverged and went on from a snapshot " + std::to_string(times) +
            (times == 1 ? " time" : " times"),
        "see the reasons in /rollbacks; lower the learning rate or clip gradients");
  }
  if (file.has("/training/gradient_norm"))
    gradients(file.read("/training/gradient_norm"), findings);
  if (!file.has("/training/mean_chain_age") || !particles_last(file)) return findings;
  const auto ages = file.read("/training/mean_chain_age");
  if (!ages.empty() && ages.back() < age_limit)
    add("particles meant to last are " + judged_digits(ages.back()) +
            " kernel steps old on average, fewer than " + judged_digits(age_limit) +
            ": they still tell of their start",
        "make more updates or more steps in each, or start fewer particles anew "
        "(reinitialization_rate)");
  return findings;
}

std::vector<Finding> estimate_findings(const Hdf5Reader& file, const std::string& group) {
  std::vector<Finding> findings;
  const auto add = [&](std::string what, std::string advice) {
    findings.push_back({group.substr(1), std::move(what), std::move(advice)});
  };
  if (file.has(group + "/rhat_max")) return findings;  // said of the chains already
  if (!file.boolean_attribute(group, "reliable").value_or(true)) {
    const std::string warning = file.text_attribute(group, "warning");
    add(warning.empty() ? "it calls itself unreliable" : warning,
        "use more temperatures, runs or draws, or a base closer to the model");
    return findings;
  }
  const auto worth = number(file, group + "/effective_sample_size");
  if (worth && file.has(group + "/log_weights")) {
    const double count = count_of(file.shape(group + "/log_weights"));
    if (*worth < weight_share_limit * count)
      add("its " + judged_digits(count) + " weights are worth " + judged_digits(*worth) +
              " equal ones, less than a tenth",
          "use more temperatures, or a base closer to the model; more runs alone help little");
  }
  if (const auto largest = number(file, group + "/max_weight");
      largest && *largest > largest_weight_limit)
    add("one weight has " + judged_digits(*largest) + " of all, more than " +
            judged_digits(largest_weight_limit),
        "use more temperatures: one run decides the estimate");
  if (const auto shape = number(file, group + "/pareto_shape"); shape && *shape > pareto_limit)
    add("its weights have a Pareto tail of shape " + judged_digits(*shape) + ", above " +
            judged_digits(pareto_limit) + ": no number of draws makes its error known",
        "anneal instead of weighting draws of the base, or take a base with heavier tails");
  if (const auto gap = number(file, group + "/gap"); gap && *gap > gap_limit)
    add("forward and reverse estimates are " + judged_digits(*gap) + " nats apart, more than " +
            judged_digits(gap_limit),
        "use more temperatures until they meet: the truth lies between them");
  return findings;
}

}  // namespace gibbsite
