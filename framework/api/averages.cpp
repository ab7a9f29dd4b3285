#include "gibbsite/api/averages.hpp"

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "gibbsite/core/error.hpp"
#include "gibbsite/core/log_weights.hpp"

namespace gibbsite {

void add_mean_gradient(const Parametric& model, const BatchView& x, double scale,
                       const Workers& workers, Parameters& out) {
  const Index width = block_width(x.cols()), blocks = block_count(x.cols());
  std::vector<Parameters> parts(static_cast<std::size_t>(blocks));
  workers.run(blocks, [&](Index b) {
    const Index first = b * width, columns = std::min(width, x.cols() - first);
    Parameters& part = parts[std::size_t(b)];
    part.setZero(out.size());
    model.parameter_gradient(x.middleCols(first, columns),
                             Row::Constant(columns, scale / double(x.cols())), part);
  });
  for (const Parameters& part : parts) out += part;
}

Eigen::ArrayXd energies(const EnergyModel& model, const Dataset& data, const Workers& workers,
                        Stream random) {
  Eigen::ArrayXd all(data.size());
  const Index width = block_width(data.size());
  workers.run(block_count(data.size()), [&](Index b) {
    const Index first = b * width, columns = std::min(width, data.size() - first);
    std::vector<Index> indices(static_cast<std::size_t>(columns));
    std::iota(indices.begin(), indices.end(), first);
    Batch x(data.dim(), columns);
    data.columns(indices, random.chains_from(first), x);
    Row energy;
    model.energy(x, energy);
    all.segment(first, columns) = energy.transpose();
  });
  if (all.isNaN().any()) throw Diverged("the energy of a configuration of the data is NaN");
  return all;
}

void require_exact_sum(const EnergyModel& model, ExactLimit limit, WithGradient gradient,
                       const std::string& subject) {
  const std::string method = exact_method(model, limit);
  if (method.empty()) {
    const auto count = [](const Domain& domain) {
      if (!domain.is_discrete()) return std::string("real coordinates");
      return "2^" + number_text(std::ceil(domain.log_states() / std::numbers::ln2 - 1e-9)) +
             " states";
    };
    const auto* latent = model.capability<Latent>();
    throw Error(subject + ": needs a model with a closed-form log Z or at most 2^" +
                number_text(limit.max_log2_states) + " states, got " + count(model.domain()) +
                (latent == nullptr ? "" : " with a hidden layer of " + count(latent->hidden())));
  }
  const auto* parametric = model.capability<Parametric>();
  if (gradient == WithGradient::no || method != "closed_form" || parametric == nullptr) return;
  Parameters expected = Parameters::Zero(parametric->parameters().size());
  if (!model.capability<Normalized>()->expected_parameter_gradient(1, expected))
    throw Error(subject + ": this model has no closed form for the mean of its parameter gradient");
}

double add_log_likelihoods(Result& result, const Context& context, double log_partition,
                           double standard_error, bool per_observation, Stream random) {
  double highest = std::numeric_limits<double>::quiet_NaN();
  const auto add = [&](const Dataset* data, const std::string& which, bool keep) {
    if (data == nullptr || data->size() == 0) return;
    const Eigen::ArrayXd values =
        -energies(*context.model, *data, *context.workers, random.split(which)) - log_partition;
    const std::string name = "mean_log_likelihood_" + which;
    const double mean = values.mean();
    result.scalar(name, mean);
    result.scalar(name + "_standard_error", standard_error);
    result.headline.emplace_back(name, mean);
    highest = std::fmax(highest, mean);
    if (keep && values.size() <= max_observations_kept)
      result.vector("log_likelihood", "observation", values);
  };
  const bool has_test = context.test != nullptr && context.test->size() > 0;
  add(context.train, "train", per_observation && !has_test);
  add(context.test, "test", per_observation);
  return highest;
}

Result weighted_result(const Context& context, const Eigen::Ref<const Eigen::ArrayXd>& log_weights,
                       double log_z0, bool per_observation, Stream random) {
  const LogWeights all = summarise(log_weights);
  const double log_partition = log_z0 + all.log_mean;
  Result result;
  result.scalar("log_partition", log_partition);
  result.scalar("standard_error", all.standard_error);
  result.vector("interval", "bound", Eigen::Array2d(log_z0 + all.lower, log_z0 + all.upper));
  result.vector("log_weights", "run", log_weights);
  result.scalar("effective_sample_size", all.effective_sample_size);
  result.scalar("max_weight", all.max_weight);
  const double likelihood = add_log_likelihoods(result, context, log_partition, all.standard_error,
                                                per_observation, random);
  // The interval of ln Z is that of every log-likelihood, upside down.
  const auto likelihoods =
      std::exchange(result.headline, {{"log_partition", log_partition},
                                      {"log_partition_low", log_z0 + all.lower},
                                      {"log_partition_high", log_z0 + all.upper}});
  for (const auto& [name, value] : likelihoods) {
    result.headline.emplace_back(name, value);
    result.headline.emplace_back(name + "_low", value + all.log_mean - all.upper);
    result.headline.emplace_back(name + "_high", value + all.log_mean - all.lower);
  }
  result.headline.emplace_back("effective_sample_size", all.effective_sample_size);
  std::string warning = all.warning;
  if (warning.empty() && likelihood > 0 && context.model->domain().is_discrete())
    warning = "the mean log-likelihood of discrete data is above 0: log Z is far too low";
  result.attributes = {{"bound", std::string("unbiased_Z")}, {"reliable", warning.empty()}};
  if (!warning.empty()) result.attributes["warning"] = warning;
  return result;
}

}  // namespace gibbsite
