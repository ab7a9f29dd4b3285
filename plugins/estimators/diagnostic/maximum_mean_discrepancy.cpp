// Maximum mean discrepancy of recorded draws from the data (Gretton et al. 2012, JMLR 13:723):
//   k(x, y) = exp(-|x - y|²/2s²),
//   MMD² = E k(X, X') + E k(Y, Y') - 2 E k(X, Y) = E[k̃(X, X')] >= 0, and 0 for equal laws alone,
// X, X' draws of different chains, which are independent as the paper's estimate asks, and Y, Y'
// different observations. Estimates are unbiased, so around 0 they may be negative. With the mean
// over others g = E k(·, X) - E k(·, Y) of one chain or observation, and v the variances of k less
// the means of its row and column, the variance is F - S, and S alone for equal laws:
//   F = 4 var(g_chain)/C + 4 var(g_observation)/m,  S = 2 v_xx/C(C-1) + 2 v_yy/m(m-1) + 4 v_xy/Cm.
#include <algorithm>
#include <cmath>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

// Of a symmetric table: of its entries off the diagonal.
struct Summary {
  double mean = 0, variance = 0;  ///< variance of what rows and columns do not explain
  Eigen::ArrayXd rows, columns;   ///< their means

  Summary(const Eigen::ArrayXXd& k, bool symmetric) {
    Eigen::ArrayXXd all = k;
    if (symmetric) all.matrix().diagonal().setZero();
    rows = all.rowwise().sum() / double(k.cols() - symmetric);
    columns = all.colwise().sum().transpose() / double(k.rows() - symmetric);
    mean = rows.mean();
    all = ((all.colwise() - rows).rowwise() - columns.transpose()) + mean;
    if (symmetric) all.matrix().diagonal().setZero();
    variance = all.square().sum() / (double(k.rows()) * double(k.cols() - symmetric));
  }
};

double variance_of_mean(const Eigen::ArrayXd& g) {
  return (g - g.mean()).square().sum() / double(g.size() - 1) / double(g.size());
}

class MaximumMeanDiscrepancy final : public Evaluation {
 public:
  struct Params {
    Index first = 0, points = 2000;
    std::optional<Index> draws;
    std::optional<double> bandwidth;

    void fields(Fields& f) {
      f.integer("first", first, "the first kept draw that is compared, from 0", {.minimum = 0});
      f.integer("draws", draws, "how many from there, per chain", {.minimum = 1, .unset = "all"});
      f.integer("points", points, "compare at most so many draws with at most so many data",
                {.minimum = 2, .maximum = 20000});
      f.real("bandwidth", bandwidth, "s, in units of the data",
             {.minimum = 0, .above_minimum = true, .unset = "the median distance of the data"});
    }
  };

  MaximumMeanDiscrepancy(const Params& p, const Context& c) : params_(p), context_(c) {
    if (!c.has_samples) throw Error(c.subject + ": needs a sample section");
    data_ = &(c.test != nullptr ? *c.test : c.require_train()).observed();
  }

  Result evaluate(const Input& input) const override {
    const Index chains = std::min(input.draws->chains(), params_.points);
    const Batch y = observations(input.random.split("data")), x = points(*input.draws, chains);
    const double s = params_.bandwidth ? *params_.bandwidth : median_distance(y);
    Result result;
    result.attributes = {{"bound", std::string("none")},
                         {"data", std::string(context_.test != nullptr ? "test" : "train")},
                         {"reliable", true}};
    double value = std::nan(""), error = value;
    if (chains > 1 && y.cols() > 1 && s > 0) {
      const Index own = x.cols() / chains;
      const Summary xx(kernel(x, own, x, own, s), true), yy(kernel(y, 1, y, 1, s), true),
          xy(kernel(x, own, y, 1, s), false);
      const double n = double(chains), m = double(y.cols());
      value = xx.mean + yy.mean - 2 * xy.mean;
      const double first = 4 * variance_of_mean(xx.rows - xy.rows) +
                           4 * variance_of_mean(yy.rows - xy.columns),
                   second = 2 * xx.variance / (n * (n - 1)) + 2 * yy.variance / (m * (m - 1)) +
                            4 * xy.variance / (n * m);
      error = std::sqrt(std::max(first - second, second));
    }
    if (!std::isfinite(value)) {
      result.attributes["reliable"] = false;
      result.attributes["warning"] =
          std::string("needs two chains, two different data and finite draws");
    }
    result.scalar("mmd_squared", value);
    result.scalar("standard_error", error);
    result.scalar("bandwidth", s);
    result.headline = {{"mmd_squared", value}};
    return result;
  }

 private:
  Batch observations(Stream random) const {
    const Index count = std::min(params_.points, data_->size());
    std::vector<Index> chosen;
    for (Index k = 0; k < count; ++k) chosen.push_back(k * data_->size() / count);
    Batch y(data_->dim(), count);
    data_->columns(chosen, random, y);
    return y;
  }

  // Evenly spaced draws, chain after chain.
  Batch points(const Draws& draws, Index chains) const {
    if (params_.first >= draws.draws())
      throw Error(context_.subject + ": first: must be below the " + std::to_string(draws.draws()) +
                  " kept draws, got " + std::to_string(params_.first));
    const Index left = draws.draws() - params_.first,
                kept = std::min(params_.draws.value_or(left), left),
                own = std::clamp<Index>(params_.points / chains, 1, kept);
    Batch x(data_->dim(), chains * own);
    for (Index i = 0; i < x.rows(); ++i) {
      const Eigen::ArrayXXd all = draws.coordinates(i, 1).front();
      for (Index c = 0; c < chains; ++c)
        for (Index t = 0; t < own; ++t)
          x(i, c * own + t) = Real(all(params_.first + t * kept / own, c));
    }
    return x;
  }

  // Means of k over groups of `of_a` columns of a and `of_b` of b.
  Eigen::ArrayXXd kernel(const Batch& a, Index of_a, const Batch& b, Index of_b, double s) const {
    Eigen::ArrayXXd k = Eigen::ArrayXXd::Zero(a.cols() / of_a, b.cols() / of_b);
    context_.workers->run(k.cols(), [&](Index column) {
      for (Index j = column * of_b; j < (column + 1) * of_b; ++j)
        for (Index i = 0; i < a.cols(); ++i)
          k(i / of_a, column) +=
              std::exp(-(a.col(i) - b.col(j)).cast<double>().squaredNorm() / (2 * s * s));
    });
    return k / double(of_a * of_b);
  }

  static double median_distance(const Batch& y) {
    const Index count = std::min<Index>(y.cols(), 500);
    std::vector<double> all;
    for (Index i = 1; i < count; ++i)
      for (Index j = 0; j < i; ++j)
        all.push_back((y.col(i) - y.col(j)).cast<double>().squaredNorm());
    if (all.empty()) return std::nan("");
    std::nth_element(all.begin(), all.begin() + std::ptrdiff_t(all.size() / 2), all.end());
    return std::sqrt(all[all.size() / 2]);
  }

  Params params_;
  Context context_;
  const Dataset* data_ = nullptr;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<MaximumMeanDiscrepancy>(
      "maximum_mean_discrepancy", "how far recorded draws are from the data, by a kernel",
      "Gretton, Borgwardt, Rasch, Schölkopf & Smola 2012, JMLR 13:723-773");
}
