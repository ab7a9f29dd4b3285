// How far a gradient estimator g is from the exact gradient γ on a fixed batch of the data:
//   bias = mean g - γ, bias_norm = |bias|, relative_bias = |bias| / |γ|, cosine of mean g and γ,
//   standard_error = √(Σ_i var(mean g_i)), which inflates bias_norm even of an unbiased estimator:
//   bias_norm_corrected = √max(0, |bias|² - standard_error²).
// Calls of an estimator with memory (persistent chains) are correlated: there var(mean g) comes
// from the means of √repeats successive ones (batch means; Geyer 1992).
#include <gibbsite/api/averages.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class GradientError final : public Evaluation {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    PluginSpec gradient;
    Index repeats = 1000, warmup = 0;
    std::optional<Index> batch;
    bool keep_draws = false;

    void fields(Fields& f) {
      f.plugin("gradient", gradient, Kind::gradient, "the estimator to examine");
      f.integer("repeats", repeats, "calls of the estimator", {.minimum = 2});
      f.integer("warmup", warmup, "calls before the first that counts, for persistent chains");
      f.integer("batch", batch, "evenly spaced training rows", {.minimum = 1, .unset = "<= 1000"});
      f.flag("keep_draws", keep_draws, "store the estimate of every call");
    }
  };

  GradientError(const Params& p, const Context& c)
      : params_(p), context_(c), gradient_(p.gradient ? c.gradient(p.gradient) : nullptr) {
    if (!gradient_) throw Error(c.subject + ": no gradient is named and there is no train section");
    const Index rows = c.require_train().size();
    batch_ = p.batch.value_or(std::min<Index>(rows, 1000));
    if (batch_ > rows)
      throw Error(c.subject + ": batch must be at most the data's " + number_text(double(rows)) +
                  ", got " + number_text(double(batch_)));
    require_exact_sum(*c.model, {}, WithGradient::yes, c.subject);
    require_log_sum(c);
  }

  Result evaluate(const Input& input) const override {
    const Dataset& train = context_.train->observed();
    std::vector<Index> rows;
    for (Index k = 0; k < batch_; ++k) rows.push_back(k * train.size() / batch_);
    Batch data(train.dim(), batch_);
    train.columns(rows, input.random.split("data"), data);
    const Index size = context_.require<Parametric>().parameters().size();
    const Index calls = params_.warmup + params_.repeats;
    State now{gradient_->init(input.random.split("init")), Eigen::ArrayXXd::Zero(size + 4, 5),
              params_.keep_draws};
    const bool has_memory = !now.inner.chains.empty() || !now.inner.numbers.empty();
    const Index group = has_memory ? Index(std::sqrt(double(params_.repeats))) : 1;
    if (input.saved.position > 0) now.load(input.saved);
    for (Index call = Index(input.saved.position); call < calls; ++call) {
      const Evaluations before = context_.model->evaluations();
      const Stream random = input.random.split("calls").at(std::uint64_t(call));
      Eigen::ArrayXd all(size + 4);
      const Batch x = rows_for(*gradient_, *context_.model, data, *context_.workers, random).x;
      all.head(size) = gradient_->estimate(x, now.inner, random).ascent.array();
      const Evaluations cost = context_.model->evaluations() - before;
      all.tail(4) << double(cost.energy), double(cost.gradient), double(cost.parameter_gradient),
          double(cost.site_updates);
      if (call >= params_.warmup) now.add(all, call - params_.warmup + 1, group);
      if ((call + 1) % 100 != 0) continue;
      now.store(input.saved, std::uint64_t(call) + 1);
      input.desk.report(double(call + 1), double(calls), "calls of the estimator");
    }
    Parameters exact = exact_sum(*context_.model, *context_.workers, true).expected_gradient;
    add_exact_mean_gradient(*context_.model, data, -1, *context_.workers, exact);
    return conclude(now, exact, params_.repeats / group);
  }

 private:
  struct State {
    Saved inner;            ///< the estimator's own memory
    Eigen::ArrayXXd table;  ///< mean and squares (Welford) of calls and of groups, sum in the group
    bool keep_draws;
    std::vector<double> kept = {};

    void add(const Eigen::ArrayXd& x, Index count, Index group) {
      const auto welford = [&](Index column, const Eigen::ArrayXd& value, Index n) {
        const Eigen::ArrayXd step = value - table.col(column);
        table.col(column) += step / double(n);
        table.col(column + 1) += step * (value - table.col(column));
      };
      welford(0, x, count);
      if (keep_draws) kept.insert(kept.end(), x.begin(), x.end() - 4);
      table.col(4) += x / double(group);
      if (count % group != 0) return;
      welford(2, table.col(4), count / group);
      table.col(4).setZero();
    }
    void store(Saved& to, std::uint64_t position) const {
      to = {.position = position, .numbers = inner.numbers, .chains = inner.chains};
      to.numbers.insert(to.numbers.end(), table.data(), table.data() + table.size());
      to.numbers.insert(to.numbers.end(), kept.begin(), kept.end());
      to.numbers.insert(to.numbers.end(), {double(inner.position), double(inner.numbers.size())});
    }
    void load(const Saved& from) {
      const double *begin = from.numbers.data(), *end = begin + from.numbers.size() - 2;
      const double* at = begin + std::size_t(end[1]);
      inner = {.position = std::uint64_t(end[0]), .numbers = {begin, at}, .chains = from.chains};
      std::copy_n(at, table.size(), table.data());
      kept.assign(at + table.size(), end);
    }
  };

  Result conclude(const State& now, const Parameters& exact, Index groups) const {
    const double n = double(params_.repeats), size = exact.norm();
    const auto calls = now.table.topRows(exact.size());
    const Parameters mean = calls.col(0).matrix(), bias = mean - exact;
    const double error = std::sqrt(calls.col(3).sum() / double(groups - 1) / double(groups));
    const double corrected = std::sqrt(std::max(0.0, bias.squaredNorm() - error * error));
    Result result{.group = "gradients"};
    result.vector("mean", "parameter", mean.array());
    result.vector("variance", "parameter", calls.col(1) / (n - 1));
    result.vector("exact", "parameter", exact.array());
    const std::vector<Index> shape{params_.repeats, exact.size()};
    if (now.keep_draws)
      result.variables.push_back({"draws", {"repeat", "parameter"}, shape, now.kept});
    const double cosine = mean.dot(exact) / (mean.norm() * size);
    result.headline = {{"cosine", cosine}, {"relative_bias", bias.norm() / size}};
    for (const auto& [name, value] : result.headline) result.scalar(name, value);
    result.scalar("bias_norm_corrected", corrected);
    result.scalar("standard_error", error);
    result.scalar("bias_norm", bias.norm());
    result.scalar("exact_norm", size);
    result.scalar("mean_squared_error", bias.squaredNorm() + calls.col(1).sum() / n);
    const char* const costs[] = {"energy", "gradient", "parameter_gradient", "site_updates"};
    const auto cost = now.table.col(0).tail(4);
    for (Index k = 0; k < 4; ++k) result.scalar(std::string(costs[k]) + "_per_call", cost(k));
    return result;
  }

  Params params_;
  Context context_;
  std::unique_ptr<GradientEstimator> gradient_;
  Index batch_;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<GradientError>("gradient_error", "bias and variance of a gradient estimator",
                              "Carreira-Perpiñán & Hinton 2005, AISTATS");
}
