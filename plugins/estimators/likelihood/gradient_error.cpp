// How far a gradient estimator g is from the exact gradient γ on a fixed batch of the data:
//   bias = mean g - γ, bias_norm = |bias|, relative_bias = |bias| / |γ|, cosine of mean g and γ,
//   standard_error = √(Σ_i var(mean g_i)), which inflates bias_norm even of an unbiased estimator:
//   bias_norm_corrected = √max(0, |bias|² - standard_error²).
// Estimators with a memory (persistent chains) give correlated calls: there var(mean g) comes
// from the means of √repeats successive calls (batch means; Geyer 1992).
#include <gibbsite/api/averages.hpp>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

class GradientError final : public Evaluation {
 public:
  using Needs = Abilities<Parametric>;
  struct Params {
    PluginSpec gradient;
    Index repeats = 1000;
    Index warmup = 0;
    std::optional<Index> batch;
    bool keep_draws = false;
    double max_log2_states = 26;

    void fields(Fields& f) {
      f.plugin("gradient", gradient, Kind::gradient, "the estimator to examine", {.required = true});
      f.integer("repeats", repeats, "calls of the estimator", {.minimum = 2});
      f.integer("warmup", warmup, "calls before the first that counts, for persistent chains");
      f.integer("batch", batch, "training rows used, evenly spaced", {.minimum = 1, .unset = "all, at most 1000"});
      f.flag("keep_draws", keep_draws, "store the estimate of every call");
      f.real("max_log2_states", max_log2_states, "refuse exact sums over more than 2^this states", {.minimum = 0, .maximum = 40});
    }
  };

  GradientError(const Params& p, const Context& c)
      : params_(p), context_(c), parametric_(c.require<Parametric>()), gradient_(c.gradient(p.gradient)) {
    const Index rows = c.require_train().size();
    if (p.batch && *p.batch > rows)
      throw Error(c.subject + ": batch must be at most the " + std::to_string(rows) + " training rows, got " + std::to_string(*p.batch));
    batch_ = p.batch ? *p.batch : std::min<Index>(rows, 1000);
    require_exact_sum(*c.model, {p.max_log2_states}, WithGradient::yes, c.subject);
  }

  Result evaluate(const Input& input) const override {
    const Dataset& train = *context_.train;
    std::vector<Index> rows;
    for (Index k = 0; k < batch_; ++k) rows.push_back(k * train.size() / batch_);
    Batch data(train.dim(), batch_);
    train.columns(rows, input.random.split("data"), data);

    const Index size = parametric_.parameters().size();
    Saved inner = gradient_->init(input.random.split("init"));
    const Index group = inner.chains.empty() && inner.numbers.empty() ? 1 : Index(std::sqrt(double(params_.repeats)));
    State now(size);
    if (!input.saved.numbers.empty()) now.load(input.saved, inner);
    for (Index call = Index(input.saved.position); call < params_.warmup + params_.repeats; ++call) {
      const Evaluations before = context_.model->evaluations();
      const Parameters draw = gradient_->estimate(data, inner, input.random.split("calls").at(std::uint64_t(call))).ascent;
      const Evaluations cost = context_.model->evaluations() - before;
      if (call >= params_.warmup) {
        now.cost += Eigen::Array4d(double(cost.energy), double(cost.gradient), double(cost.parameter_gradient), double(cost.site_updates));
        now.draws.add(draw);
        now.sum += draw;
        if (Index(now.draws.count) % group == 0) {
          now.groups.add(now.sum / double(group));
          now.sum.setZero();
        }
        if (params_.keep_draws) now.kept.insert(now.kept.end(), draw.begin(), draw.end());
      }
      if ((call + 1) % 100 != 0) continue;
      now.store(input.saved, inner, std::uint64_t(call) + 1);
      input.desk.report(double(call + 1), double(params_.warmup + params_.repeats), "mean gradient " + number_text(now.draws.mean.norm()));
    }
    Parameters exact = exact_sum(*context_.model, *context_.workers, true, {params_.max_log2_states}).expected_gradient;
    add_mean_gradient(parametric_, data, -1, *context_.workers, exact);
    return conclude(now, exact);
  }

 private:
  // Running mean and squares of vectors (Welford 1962).
  struct VectorMoments {
    double count = 0;
    Parameters mean, squares;
    void add(const Parameters& x) {
      const Parameters step = x - mean;
      mean += step / ++count;
      squares += step.cwiseProduct(x - mean);
    }
  };
  struct State {
    explicit State(Index size) : draws{0, Parameters::Zero(size), Parameters::Zero(size)}, groups(draws), sum(Parameters::Zero(size)) {}
    VectorMoments draws, groups;
    Parameters sum;  ///< of the unfinished group
    Eigen::Array4d cost = Eigen::Array4d::Zero();
    std::vector<double> kept;

    // Visits all that is fixed in size, in the order in which it is saved.
    template <class Visit>
    void each(Visit visit) {
      for (VectorMoments* m : {&draws, &groups}) visit(&m->count, 1), visit(m->mean.data(), m->mean.size()), visit(m->squares.data(), m->squares.size());
      visit(sum.data(), sum.size()), visit(cost.data(), 4);
    }
    void store(Saved& to, const Saved& inner, std::uint64_t position) {
      to = {.position = position, .numbers = {double(inner.position), double(inner.numbers.size())}, .chains = inner.chains};
      to.numbers.insert(to.numbers.end(), inner.numbers.begin(), inner.numbers.end());
      each([&](const double* values, Index n) { to.numbers.insert(to.numbers.end(), values, values + n); });
      to.numbers.insert(to.numbers.end(), kept.begin(), kept.end());
    }
    void load(const Saved& from, Saved& inner) {
      const double* at = from.numbers.data() + 2;
      inner = {.position = std::uint64_t(from.numbers[0]), .numbers = {at, at + std::size_t(from.numbers[1])}, .chains = from.chains};
      at += inner.numbers.size();
      each([&](double* values, Index n) { std::copy_n(at, n, values), at += n; });
      kept.assign(at, from.numbers.data() + from.numbers.size());
    }
  };

  Result conclude(const State& now, const Parameters& exact) const {
    const double n = now.draws.count, groups = now.groups.count;
    const Parameters bias = now.draws.mean - exact;
    const double error2 = now.groups.squares.sum() / (groups - 1) / groups;
    Result result{.group = "gradients"};
    result.vector("mean", "parameter", now.draws.mean.array());
    result.vector("variance", "parameter", now.draws.squares.array() / (n - 1));
    result.vector("exact", "parameter", exact.array());
    if (params_.keep_draws) result.variables.push_back({"draws", {"repeat", "parameter"}, {params_.repeats, exact.size()}, now.kept});
    const auto scalar = [&](const std::string& name, double value) { result.scalar(name, value); };
    scalar("bias_norm", bias.norm());
    scalar("bias_norm_corrected", std::sqrt(std::max(0.0, bias.squaredNorm() - error2)));
    scalar("relative_bias", bias.norm() / exact.norm());
    scalar("cosine", now.draws.mean.dot(exact) / (now.draws.mean.norm() * exact.norm()));
    scalar("standard_error", std::sqrt(error2));
    scalar("exact_norm", exact.norm());
    scalar("mean_squared_error", bias.squaredNorm() + now.draws.squares.sum() / n);
    const char* const names[] = {"energy", "gradient", "parameter_gradient", "site_updates"};
    for (Index k = 0; k < 4; ++k) scalar(std::string(names[k]) + "_per_call", now.cost(k) / n);
    result.headline = {{"relative_bias", bias.norm() / exact.norm()}, {"bias_norm_corrected", std::sqrt(std::max(0.0, bias.squaredNorm() - error2))}, {"standard_error", std::sqrt(error2)}};
    return result;
  }

  Params params_;
  Context context_;
  const Parametric& parametric_;
  std::unique_ptr<GradientEstimator> gradient_;
  Index batch_ = 0;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<GradientError>("gradient_error", "bias and variance of a gradient estimator against the exact gradient",
                              "Carreira-Perpiñán & Hinton 2005, AISTATS");
}
