#include "gibbsite/api/averages.hpp"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "gibbsite/core/error.hpp"
#include "gibbsite/core/log_weights.hpp"

namespace gibbsite {
namespace {

// Adds to `out` what add(columns, part) puts into a part of each block, in the order of the blocks.
template <class Add>
void add_blocks(const BatchView& x, const Workers& workers, Parameters& out, Add add) {
  const Index width = block_width(x.cols()), blocks = block_count(x.cols());
  std::vector<Parameters> parts(static_cast<std::size_t>(blocks));
  workers.run(blocks, [&](Index b) {
    const Index first = b * width;
    Parameters& part = parts[std::size_t(b)];
    part.setZero(out.size());
    add(x.middleCols(first, std::min(width, x.cols() - first)), part);
  });
  for (const Parameters& part : parts) out += part;
}

// of(columns) for the configurations of `data`, one number each.
template <class Of>
Eigen::ArrayXd each_block(const Dataset& data, const Workers& workers, Stream random, Of of) {
  Eigen::ArrayXd all(data.size());
  const Index width = block_width(data.size());
  workers.run(block_count(data.size()), [&](Index b) {
    const Index first = b * width, columns = std::min(width, data.size() - first);
    std::vector<Index> indices(static_cast<std::size_t>(columns));
    std::iota(indices.begin(), indices.end(), first);
    Batch x(data.dim(), columns);
    data.columns(indices, random.chains_from(first), x);
    all.segment(first, columns) = of(x).transpose();
  });
  if (all.isNaN().any()) throw Diverged("the energy of a configuration of the data is NaN");
  return all;
}

// ln of what the model gives to each observation, times Z.
struct LogWeightsOfData {
  Eigen::ArrayXd values;
  std::string kind;  ///< exact or variational_lower_bound; empty for whole configurations
};

LogWeightsOfData log_weights_of(const EnergyModel& model, const Dataset& data,
                                const Workers& workers, const Stream& random) {
  const Dataset& v = data.observed();
  if (v.dim() == model.dim()) return {-energies(model, data, workers, random), ""};
  const double states = log2_hidden_states(model, v.dim());
  const bool few = states <= max_log2_hidden + 1e-9 &&
                   states + std::log2(double(v.size())) <= ExactLimit{}.max_log2_states + 1e-9;
  const auto of = [&](const Batch& x) { return few ? log_sum(model, x) : log_sum_bound(model, x); };
  return {each_block(v, workers, random, of), few ? "exact" : "variational_lower_bound"};
}

}  // namespace

void add_mean_gradient(const Parametric& model, const BatchView& x, double scale,
                       const Workers& workers, Parameters& out) {
  add_blocks(x, workers, out, [&](const BatchView& columns, Parameters& part) {
    model.parameter_gradient(columns, Row::Constant(columns.cols(), scale / double(x.cols())),
                             part);
  });
}

void add_exact_mean_gradient(const EnergyModel& model, const BatchView& x, double scale,
                             const Workers& workers, Parameters& out) {
  if (x.rows() == model.dim())
    return add_mean_gradient(*model.capability<Parametric>(), x, scale, workers, out);
  add_blocks(x, workers, out, [&](const BatchView& columns, Parameters& part) {
    log_sum(model, columns, scale / double(x.cols()), &part);
  });
}

Eigen::ArrayXd energies(const EnergyModel& model, const Dataset& data, const Workers& workers,
                        Stream random) {
  return each_block(data, workers, random, [&](const Batch& x) {
    Row energy;
    model.energy(x, energy);
    return energy;
  });
}

std::vector<Index> evenly_spaced(Index size, Index count) {
  std::vector<Index> chosen;
  for (Index k = 0; k < count; ++k) chosen.push_back(k * size / count);
  return chosen;
}

Batch evenly_spaced_rows(const Dataset* data, Index count, const Stream& random) {
  if (data == nullptr || data->size() == 0) return {};
  const auto chosen = evenly_spaced(data->size(), std::min(data->size(), count));
  Batch x(data->dim(), Index(chosen.size()));
  data->columns(chosen, random, x);
  return x;
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

void require_log_sum(const Context& context) {
  if (context.train == nullptr) return;
  const double states = log2_hidden_states(*context.model, context.train->observed().dim());
  if (states > max_log2_hidden + 1e-9)
    throw Error(context.subject + ": the data leave open hidden coordinates with 2^" +
                number_text(std::ceil(states - 1e-9)) + " states, and sums over at most 2^" +
                number_text(max_log2_hidden) +
                " are exact (contrastive_divergence trains without such sums)");
}

double add_log_likelihoods(Result& result, const Context& context, double log_partition,
                           double standard_error, bool per_observation) {
  const Stream random = Stream(0).split("evaluation data");
  double highest = std::numeric_limits<double>::quiet_NaN();
  const auto add = [&](const Dataset* data, const std::string& which, bool keep) {
    if (data == nullptr || data->size() == 0) return;
    const auto weights =
        log_weights_of(*context.model, *data, *context.workers, random.split(which));
    const Eigen::ArrayXd values = weights.values - log_partition;
    const std::string kind = weights.kind == "variational_lower_bound" ? "_bound" : "";
    const std::string name = "mean_log_likelihood" + kind + "_" + which;
    if (!weights.kind.empty()) result.attributes["likelihood_" + which] = weights.kind;
    const double mean = values.mean();
    result.scalar(name, mean);
    result.scalar(name + "_standard_error", standard_error);
    result.headline.emplace_back(name, mean);
    highest = std::fmax(highest, mean);
    if (keep && values.size() <= max_observations_kept)
      result.vector("log_likelihood" + kind, "observation", values);
  };
  const bool has_test = context.test != nullptr && context.test->size() > 0;
  add(context.train, "train", per_observation && !has_test);
  add(context.test, "test", per_observation);
  return highest;
}

LogPartition estimate_of_runs(double value, double standard_error, Index runs,
                              std::string warning) {
  const double half =
      boost::math::quantile(boost::math::students_t(double(runs) - 1), .975) * standard_error;
  return {.value = value,
          .standard_error = standard_error,
          .lower = value - half,
          .upper = value + half,
          .bound = "none",
          .warning = std::move(warning)};
}

Result log_partition_result(const Context& context, const LogPartition& estimate,
                            bool per_observation) {
  Result result;
  result.scalar("log_partition", estimate.value);
  result.scalar("standard_error", estimate.standard_error);
  result.vector("interval", "bound", Eigen::Array2d(estimate.lower, estimate.upper));
  const double likelihood = add_log_likelihoods(result, context, estimate.value,
                                                estimate.standard_error, per_observation);
  // The interval of ln Z, where there is one, is that of every log-likelihood, upside down.
  const bool has_interval =
      std::isfinite(estimate.upper - estimate.lower) && estimate.upper > estimate.lower;
  auto likelihoods = std::exchange(result.headline, {{"log_partition", estimate.value}});
  if (has_interval) {
    result.headline.emplace_back("log_partition_low", estimate.lower);
    result.headline.emplace_back("log_partition_high", estimate.upper);
  }
  for (auto& [name, value] : likelihoods) {
    result.headline.emplace_back(name, value);
    if (!has_interval) continue;
    result.headline.emplace_back(name + "_low", value + estimate.value - estimate.upper);
    result.headline.emplace_back(name + "_high", value + estimate.value - estimate.lower);
  }
  std::string warning = estimate.warning;
  // Rounding aside, and what the estimate's own error explains.
  const double slack =
      1e-4 + (std::isfinite(estimate.standard_error) ? 3 * estimate.standard_error : 0);
  if (warning.empty() && estimate.bound != "lower" && likelihood > slack &&
      context.model->domain().is_discrete())
    warning = "the mean log-likelihood of discrete data is above 0: log Z is far too low";
  result.attributes["bound"] = estimate.bound;
  result.attributes["reliable"] = warning.empty();
  // Too low a Z makes likelihoods too high, and one from below by itself is then no bound at all.
  const bool from_below =
      std::any_of(result.attributes.begin(), result.attributes.end(), [](const auto& entry) {
        const auto* kind = std::get_if<std::string>(&entry.second);
        return kind != nullptr && *kind == "variational_lower_bound";
      });
  const std::string other = estimate.bound == "lower"   ? "upper"
                            : estimate.bound == "upper" ? "lower"
                                                        : estimate.bound;
  const bool lower_stays = other == "lower" || other == "exact";
  result.attributes["log_likelihood_bound"] =
      !from_below ? other : std::string(lower_stays ? "lower" : "none");
  if (!warning.empty()) result.attributes["warning"] = warning;
  return result;
}

Result bound_result(const Context& context, const LogPartitionBound& found, bool per_observation) {
  const double half = 1.959963984540054 * found.standard_error;
  const double infinity = std::numeric_limits<double>::infinity();
  return log_partition_result(
      context,
      {.value = found.log_partition,
       .standard_error = found.standard_error,
       .lower = found.bound == "upper" ? -infinity : found.log_partition - half,
       .upper = found.bound == "lower" ? infinity : found.log_partition + half,
       .bound = found.bound,
       .warning = found.warning},
      per_observation);
}

Result weighted_result(const Context& context, const Eigen::Ref<const Eigen::ArrayXd>& log_weights,
                       double log_z0, bool per_observation, const std::string& caveat) {
  const LogWeights all = summarise(log_weights);
  Result result = log_partition_result(context,
                                       {.value = log_z0 + all.log_mean,
                                        .standard_error = all.standard_error,
                                        .lower = log_z0 + all.lower,
                                        .upper = log_z0 + all.upper,
                                        .bound = caveat.empty() ? "unbiased_Z" : "none",
                                        .warning = caveat.empty() ? all.warning : caveat},
                                       per_observation);
  result.vector("log_weights", "run", log_weights);
  result.scalar("effective_sample_size", all.effective_sample_size);
  result.scalar("max_weight", all.max_weight);
  result.headline.emplace_back("effective_sample_size", all.effective_sample_size);
  return result;
}

}  // namespace gibbsite
