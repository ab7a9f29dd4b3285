#include <algorithm>
#include <cmath>

#include "gibbsite/core/convergence.hpp"
#include "gibbsite/core/log_weights.hpp"
#include "gibbsite/run/images.hpp"
#include "gibbsite/run/quantities.hpp"
#include "gibbsite/run/report.hpp"

namespace gibbsite {
namespace {

constexpr Index lags = 60;
constexpr int bins = 40, rank_bins = 20;

Node text(const std::string& words) { return Node::scalar(words, true); }

std::vector<double> column(const Eigen::ArrayXXd& x, Index chain) {
  const Eigen::ArrayXd own = x.col(chain);
  return {own.data(), own.data() + own.size()};
}

// Every n-th of the values, the last one among them, at most `most`; and n.
std::pair<std::vector<double>, std::size_t> thinned(const std::vector<double>& values,
                                                    std::size_t most) {
  const std::size_t step = std::max<std::size_t>(1, (values.size() + most - 1) / most);
  std::vector<double> out;
  for (std::size_t k = (values.size() - 1) % step; k < values.size(); k += step)
    out.push_back(values[k]);
  return {out, step};
}

struct Histogram {
  double low = 0, high = 1;
  std::vector<double> counts = std::vector<double>(bins, 0.0);

  // The range of all finite values; a whole number of integers a bin where all are integers.
  explicit Histogram(const Eigen::ArrayXXd& x) {
    bool any = false, whole = true;
    for (const double value : x.reshaped()) {
      if (!std::isfinite(value)) continue;
      low = any ? std::min(low, value) : value;
      high = any ? std::max(high, value) : value;
      whole = whole && value == std::floor(value);
      any = true;
    }
    if (whole) {
      const double width = std::max(1.0, std::ceil((high - low + 1) / bins));
      counts.resize(std::size_t(std::ceil((high - low + 1) / width)));
      low -= 0.5;
      high = low + width * double(counts.size());
    } else if (!(high > low)) {
      high = low + 1;
    }
  }
  std::vector<double> of(const std::vector<double>& values) const {
    std::vector<double> out(counts.size(), 0.0);
    for (const double value : values) {
      const double place = (value - low) / (high - low) * double(out.size());
      if (!(place >= 0 && place <= double(out.size()))) continue;
      out[std::min(out.size() - 1, std::size_t(place))] += 1;
    }
    return out;
  }
};

std::vector<double> ranks(const Eigen::ArrayXXd& scores, Index chain) {
  std::vector<double> out(rank_bins, 0.0);
  for (const double z : scores.col(chain)) {
    const double share = std::erfc(-z / std::sqrt(2.0)) / 2;
    if (share >= 0) out[std::min<std::size_t>(rank_bins - 1, std::size_t(share * rank_bins))] += 1;
  }
  return out;
}

std::vector<double> autocorrelation(const std::vector<double>& values) {
  const Index n = Index(values.size());
  const Eigen::Map<const Eigen::ArrayXd> x(values.data(), n);
  const Eigen::ArrayXd centred = x - x.mean();
  const double all = centred.square().sum();
  std::vector<double> out;
  for (Index lag = 0; lag <= std::min(lags, n / 2); ++lag)
    out.push_back((centred.head(n - lag) * centred.tail(n - lag)).sum() / all);
  return out;
}

Node chart_of(const Quantity& quantity, const ReportLimits& limits) {
  const Eigen::ArrayXXd& x = quantity.values;
  const Histogram histogram(x);
  const bool finite = x.isFinite().all() && !is_constant(x);
  const Eigen::ArrayXXd scores = finite ? z_scale(x) : Eigen::ArrayXXd();
  Node traces = Node::list({}), order = Node::list({}), decay = Node::list({}),
       marginals = Node::list({});
  std::size_t step = 1;
  for (Index m = 0; m < std::min(x.cols(), Index(limits.chains)); ++m) {
    const auto own = column(x, m);
    const auto [line, every] = thinned(own, limits.points);
    step = every;
    traces.items.push_back(text(packed(line)));
    if (finite) order.items.push_back(text(packed(ranks(scores, m))));
    decay.items.push_back(text(packed(autocorrelation(own))));
    marginals.items.push_back(text(packed(histogram.of(own))));
  }
  const Convergence found = convergence(x, quantity.is_real);
  Node one = Node::map();
  one["name"] = text(quantity.name);
  one["numbers"] = text(packed({found.rhat, found.ess_bulk, found.ess_tail, found.mcse_mean}));
  one["draws"] = Node::of(std::int64_t(x.rows()));
  one["every"] = Node::of(std::int64_t(step));
  one["range"] = text(packed({histogram.low, histogram.high}));
  one["traces"] = std::move(traces);
  one["ranks"] = std::move(order);
  one["autocorrelation"] = std::move(decay);
  one["marginals"] = std::move(marginals);
  return one;
}

// Energies of each chain about their mean, beside their changes from draw to draw.
Node energies(const Eigen::ArrayXXd& energy) {
  Eigen::ArrayXXd level(energy.rows(), energy.cols()), change(energy.rows() - 1, energy.cols());
  for (Index m = 0; m < energy.cols(); ++m) {
    level.col(m) = energy.col(m) - energy.col(m).mean();
    change.col(m) = energy.col(m).tail(change.rows()) - energy.col(m).head(change.rows());
  }
  Eigen::ArrayXXd both(level.rows() + change.rows(), energy.cols());
  both << level, change;
  const Histogram histogram(both);
  const auto all = [](const Eigen::ArrayXXd& x) {
    return std::vector<double>{x.data(), x.data() + x.size()};
  };
  Node one = Node::map();
  one["range"] = text(packed({histogram.low, histogram.high}));
  one["levels"] = text(packed(histogram.of(all(level))));
  one["changes"] = text(packed(histogram.of(all(change))));
  return one;
}

Node swaps(const Hdf5Reader& file, const ReportLimits& limits) {
  std::vector<double> rates;
  for (std::size_t k = 1; file.has("/sample_stats/swap_rate_" + std::to_string(k)); ++k) {
    const Eigen::ArrayXXd rate = statistic_of(file, "swap_rate_" + std::to_string(k));
    const auto known = rate.isFinite();
    rates.push_back(known.select(rate, 0.0).sum() / double(known.count()));
  }
  Node one = Node::map();
  if (rates.empty()) return one;
  one["rates"] = text(packed(rates));
  if (file.has("/sample_stats/round_trips")) {
    const Eigen::ArrayXXd trips = statistic_of(file, "round_trips");
    const Eigen::ArrayXd last = trips.row(trips.rows() - 1);
    one["round_trips"] = text(packed({last.data(), last.data() + last.size()}));
  }
  if (file.has("/sample_stats/replica")) {
    const Eigen::ArrayXXd replica = statistic_of(file, "replica");
    Node lines = Node::list({});
    for (Index m = 0; m < std::min(replica.cols(), Index(limits.chains)); ++m)
      lines.items.push_back(text(packed(thinned(column(replica, m), limits.points).first)));
    one["replicas"] = std::move(lines);
    one["draws"] = Node::of(std::int64_t(replica.rows()));
    one["every"] = Node::of(std::int64_t(thinned(column(replica, 0), limits.points).second));
  }
  return one;
}

// Columns against the update, each over the rows where it was recorded.
Node training(const Hdf5Reader& file, const ReportLimits& limits) {
  Node list = Node::list({});
  if (!file.has("/training/update")) return list;
  const auto updates = file.read("/training/update");
  for (const std::string& name : file.names("/training")) {
    if (name == "update") continue;
    const auto values = file.read("/training/" + name);
    std::vector<double> x, y;
    for (std::size_t k = 0; k < values.size(); ++k)
      if (!std::isnan(values[k])) {
        x.push_back(updates[k]);
        y.push_back(values[k]);
      }
    if (y.empty()) continue;
    Node one = Node::map();
    one["name"] = text(name);
    one["x"] = text(packed(thinned(x, limits.points).first));
    one["y"] = text(packed(thinned(y, limits.points).first));
    list.items.push_back(std::move(one));
  }
  return list;
}

Node weights(const Hdf5Reader& file) {
  Node list = Node::list({});
  for (const std::string& label : file.names("/estimates")) {
    const std::string path = "/estimates/" + label + "/log_weights";
    if (!file.has(path) || file.shape(path).size() != 1 || file.shape(path)[0] < 2) continue;
    const auto values = file.read(path);
    const Eigen::Map<const Eigen::ArrayXd> log_weights(values.data(), Index(values.size()));
    const Histogram histogram(log_weights);
    Node one = Node::map();
    one["label"] = text(label);
    one["numbers"] =
        text(packed({double(values.size()), summarise(log_weights).effective_sample_size,
                     double((!log_weights.isFinite()).count())}));
    one["range"] = text(packed({histogram.low, histogram.high}));
    one["counts"] = text(packed(histogram.of(values)));
    list.items.push_back(std::move(one));
  }
  return list;
}

Node exact_labels(const Hdf5Reader& file) {
  Node list = Node::list({});
  for (const std::string& label : file.names("/estimates"))
    if (file.text_attribute("/estimates/" + label, "bound") == "exact")
      list.items.push_back(text(label));
  return list;
}

}  // namespace

Node result_plots(const Hdf5Reader& file, const ReportLimits& limits) {
  Node list = Node::list({}), out = Node::map();
  std::vector<Quantity> quantities = functionals_of(file);
  for (Quantity& one : coordinates_of(file, 2)) quantities.push_back(std::move(one));
  for (const Quantity& one : quantities) {
    if (one.values.rows() < 2) continue;
    if (one.name == "energy") out["energies"] = energies(one.values);
    list.items.push_back(chart_of(one, limits));
  }
  out["quantities"] = std::move(list);
  out["swaps"] = swaps(file, limits);
  out["training"] = training(file, limits);
  out["weights"] = weights(file);
  out["exact"] = exact_labels(file);
  Node sheets = Node::list({});
  for (const ImageSheet& sheet : image_sheets(file, limits.pixels)) {
    Node one = Node::map();
    one["title"] = text(sheet.title);
    one["width"] = Node::of(std::int64_t(sheet.width));
    one["height"] = Node::of(std::int64_t(sheet.height));
    one["signed"] = Node::of(sheet.is_signed);
    one["range"] = text(packed({sheet.low, sheet.high}));
    one["levels"] = text(sheet.hex());
    sheets.items.push_back(std::move(one));
  }
  out["images"] = std::move(sheets);
  return out;
}

}  // namespace gibbsite
