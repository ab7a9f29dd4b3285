#include "gibbsite/api/estimate_summary.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace gibbsite {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

constexpr std::pair<const char*, EstimateSummary::Number> names[] = {
    {"log_partition", EstimateSummary::estimate},
    {"standard_error", EstimateSummary::standard_error},
    {"log_partition_upper", EstimateSummary::above},
    {"log_partition_upper_standard_error", EstimateSummary::above_error}};

constexpr std::tuple<const char*, EstimateSummary::Number, double> likelihoods[] = {
    {"mean_log_likelihood_train", EstimateSummary::train, 0},
    {"mean_log_likelihood_bound_train", EstimateSummary::train, 1},
    {"mean_log_likelihood_test", EstimateSummary::test, 0},
    {"mean_log_likelihood_bound_test", EstimateSummary::test, 1}};

std::string text_of(const Result& result, const std::string& name, const std::string& otherwise) {
  const auto found = result.attributes.find(name);
  const auto* text =
      found == result.attributes.end() ? nullptr : std::get_if<std::string>(&found->second);
  return text == nullptr ? otherwise : *text;
}

}  // namespace

EstimateSummary::EstimateSummary(const Result& result)
    : bound(text_of(result, "bound", "none")), warning(text_of(result, "warning", "")) {
  at.fill(nan);
  at[temperatures] = 0;
  for (const Variable& variable : result.variables) {
    for (const auto& [name, number] : names)
      if (variable.name == name) at[number] = variable.values.at(0);
    for (const auto& [name, number, bounded] : likelihoods) {
      if (variable.name == name) {
        at[number] = variable.values.at(0);
        at[number + 2] = bounded;
      }
      if (variable.name == std::string(name) + "_standard_error")
        at[number + 1] = variable.values.at(0);
    }
    if (variable.name == "interval") {
      at[low] = variable.values.at(0);
      at[high] = variable.values.at(1);
    }
    if (variable.name == "inverse_temperature")
      at[temperatures] = double(variable.values.size()) - 1;
  }
}

EstimateSummary::EstimateSummary(const double*& from) {
  for (double& number : at) number = *from++;
  for (std::string* text : {&bound, &warning})
    for (Index left = Index(*from++); left > 0; --left) text->push_back(char(int(*from++)));
}

void EstimateSummary::store(std::vector<double>& to) const {
  to.insert(to.end(), at.begin(), at.end());
  for (const std::string* text : {&bound, &warning}) {
    to.push_back(double(text->size()));
    for (const char c : *text) to.push_back(double(c));
  }
}

Eigen::ArrayXd column_of(const std::vector<EstimateSummary>& all, EstimateSummary::Number number) {
  Eigen::ArrayXd values(Index(all.size()));
  for (std::size_t k = 0; k < all.size(); ++k) values(Index(k)) = all[k].at[number];
  return values;
}

Likelihoods likelihoods_of(const std::vector<EstimateSummary>& all, EstimateSummary::Number number,
                           bool bounded) {
  const Eigen::ArrayXd kind = column_of(all, EstimateSummary::Number(number + 2));
  const auto of_kind = [&](int offset) {
    const Eigen::ArrayXd values = column_of(all, EstimateSummary::Number(number + offset));
    return Eigen::ArrayXd((kind == double(bounded)).select(values, nan));
  };
  Likelihoods found{of_kind(0), of_kind(1)};
  found.log_weight =
      (found.means + column_of(all, EstimateSummary::estimate)).maxCoeff<Eigen::PropagateNumbers>();
  return found;
}

Sandwich sandwich_of(const std::vector<EstimateSummary>& all) {
  Sandwich out{nan, 0, nan, 0};
  const auto error = [](double value) { return std::isnan(value) ? 0 : value; };
  const auto below = [&](double value, double noise) {
    if (!std::isnan(value) && !(value <= out.lower))
      std::tie(out.lower, out.lower_error) = std::pair(value, error(noise));
  };
  const auto above = [&](double value, double noise) {
    if (!std::isnan(value) && !(value >= out.upper))
      std::tie(out.upper, out.upper_error) = std::pair(value, error(noise));
  };
  for (const EstimateSummary& one : all) {
    out.temperatures = std::max(out.temperatures, Index(one.at[EstimateSummary::temperatures]));
    const double value = one.at[EstimateSummary::estimate],
                 noise = one.at[EstimateSummary::standard_error];
    if (one.bound == "unbiased_Z" || one.bound == "lower") below(value, noise);
    if (one.bound == "upper") above(value, noise);
    if (one.bound != "none")
      above(one.at[EstimateSummary::above], one.at[EstimateSummary::above_error]);
  }
  for (const EstimateSummary& one : all)
    if (one.bound == "exact") {
      out.lower = out.upper = one.at[EstimateSummary::estimate];
      out.lower_error = out.upper_error = 0;
    }
  return out;
}

}  // namespace gibbsite
