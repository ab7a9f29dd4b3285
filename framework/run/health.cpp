#include "gibbsite/run/health.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "gibbsite/core/convergence.hpp"
#include "gibbsite/run/quantities.hpp"

namespace gibbsite {
namespace {

Node list_of(const Eigen::ArrayXd& values) {
  Node list = Node::list({});
  for (const double value : values) list.items.push_back(Node::of(value));
  return list;
}

Node node_of(const Convergence& one) {
  Node node = Node::map();
  node["rhat"] = Node::of(one.rhat);
  node["ess_bulk"] = Node::of(one.ess_bulk);
  node["ess_tail"] = Node::of(one.ess_tail);
  node["mcse_mean"] = Node::of(one.mcse_mean);
  return node;
}

Node chains(const Hdf5Reader& file) {
  Node node = Node::map();
  for (const Quantity& one : functionals_of(file))
    node[one.name] = node_of(convergence(one.values, one.is_real));
  double least = std::numeric_limits<double>::infinity();
  std::string name;
  Convergence worst;
  for (const Quantity& one : coordinates_of(file, 64)) {
    const Convergence found = convergence(one.values, one.is_real);
    // A chain without an effective sample size is worse than any with one.
    const double ess = std::isnan(found.ess_bulk) ? 0 : found.ess_bulk;
    if (ess >= least) continue;
    least = ess;
    name = one.name;
    worst = found;
  }
  if (!name.empty()) node[name] = node_of(worst);
  return node;
}

Node kernel(const Hdf5Reader& file) {
  Node node = Node::map();
  const auto has = [&](const std::string& name) { return file.has("/sample_stats/" + name); };
  if (has("diverging")) node["divergences"] = Node::of(statistic_of(file, "diverging").sum());
  if (has("hamiltonian")) {
    const Eigen::ArrayXXd energy = statistic_of(file, "hamiltonian");
    Eigen::ArrayXd values(energy.cols());
    for (Index m = 0; m < energy.cols(); ++m) values[m] = e_bfmi(energy.col(m));
    node["e_bfmi"] = list_of(values);
  }
  for (const char* name : {"acceptance_rate", "step_size"})
    if (has(name)) node[name] = list_of(statistic_of(file, name).colwise().mean().transpose());
  if (has("tree_depth")) node["tree_depth"] = Node::of(statistic_of(file, "tree_depth").maxCoeff());
  if (has("round_trips"))
    node["round_trips"] = list_of(statistic_of(file, "round_trips").bottomRows(1).transpose());
  std::vector<double> rates;
  for (int k = 1; has("swap_rate_" + std::to_string(k)); ++k)
    rates.push_back(statistic_of(file, "swap_rate_" + std::to_string(k)).mean());
  if (!rates.empty())
    node["swap_rates"] = list_of(Eigen::Map<Eigen::ArrayXd>(rates.data(), Index(rates.size())));
  return node;
}

Node estimates(const Hdf5Reader& file) {
  Node node = Node::map();
  for (const std::string& label : file.names("/estimates")) {
    const std::string group = "/estimates/" + label + "/";
    Node one = Node::map();
    for (const char* name : {"effective_sample_size", "max_weight", "pareto_shape", "gap"})
      if (file.has(group + name) && file.shape(group + name).empty())
        one[name] = Node::of(file.read(group + name)[0]);
    if (!one.entries.empty()) node[label] = std::move(one);
  }
  return node;
}

Node training(const Hdf5Reader& file) {
  Node node = Node::map();
  for (const char* name : {"gradient_norm", "mean_chain_age", "max_chain_age"}) {
    const std::string path = std::string("/training/") + name;
    if (!file.has(path)) continue;
    const auto values = file.read(path);
    if (!values.empty()) node[name] = Node::of(values.back());
  }
  return node;
}

}  // namespace

Node health_of(const std::filesystem::path& result) {
  const Hdf5Reader file(result);
  Node node = Node::map();
  node["chains"] = chains(file);
  node["kernel"] = kernel(file);
  node["estimates"] = estimates(file);
  node["training"] = training(file);
  return node;
}

}  // namespace gibbsite
