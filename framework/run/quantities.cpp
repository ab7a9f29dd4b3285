#include "gibbsite/run/quantities.hpp"

#include <algorithm>

#include "gibbsite/core/diagnostics.hpp"

namespace gibbsite {

Eigen::ArrayXXd statistic_of(const Hdf5Reader& file, const std::string& name) {
  const auto shape = file.shape("/sample_stats/" + name);
  const auto values = file.read("/sample_stats/" + name);
  return Eigen::Map<const Eigen::ArrayXXd>(values.data(), Index(shape[1]), Index(shape[0]));
}

std::vector<Quantity> functionals_of(const Hdf5Reader& file) {
  std::vector<Quantity> all;
  if (file.has("/sample_stats/energy"))
    all.push_back({"energy", false, statistic_of(file, "energy")});
  if (!file.has("/posterior/x")) return all;
  const auto shape = file.shape("/posterior/x");
  const Index chains = Index(shape[0]), draws = Index(shape[1]), units = Index(shape[2]);
  const bool real = file.is_floating("/posterior/x");
  Quantity mean{real ? "mean of x" : "magnetisation", false, Eigen::ArrayXXd(draws, chains)};
  Quantity flips{"flip rate", false, Eigen::ArrayXXd(std::max<Index>(0, draws - 1), chains)};
  for (Index m = 0; m < chains && units > 1; ++m) {
    const auto values = file.read("/posterior/x", {std::size_t(m), 0, 0}, {1, shape[1], shape[2]});
    const Eigen::Map<const Eigen::ArrayXXd> x(values.data(), units, draws);
    mean.values.col(m) = x.colwise().mean().transpose();
    for (Index t = 0; t + 1 < draws && !real; ++t)
      flips.values(t, m) = (x.col(t) != x.col(t + 1)).cast<double>().mean();
  }
  if (units > 1) all.push_back(std::move(mean));
  if (units > 1 && !real && draws > 1) all.push_back(std::move(flips));
  return all;
}

std::vector<Quantity> coordinates_of(const Hdf5Reader& file, std::size_t count) {
  std::vector<Quantity> all;
  if (!file.has("/posterior/x")) return all;
  const auto shape = file.shape("/posterior/x");
  const bool real = file.is_floating("/posterior/x");
  const std::size_t units = std::min<std::size_t>(shape[2], 64);
  const auto values = file.read("/posterior/x", {0, 0, 0}, {shape[0], shape[1], units});
  for (std::size_t i = 0; i < units && all.size() < count; ++i) {
    Eigen::ArrayXXd x = Eigen::ArrayXXd::Zero(Index(shape[1]), Index(shape[0]));
    for (std::size_t n = 0; n < shape[0] * shape[1]; ++n) x.data()[n] = values[n * units + i];
    if (!is_constant(x)) all.push_back({"x[" + std::to_string(i) + "]", real, std::move(x)});
  }
  return all;
}

}  // namespace gibbsite
