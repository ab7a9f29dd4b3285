// ln Z and with it the exact log-likelihood of the data (Salakhutdinov & Murray 2008, section 3).
//   ln Z = ln Σ_x e^{-E(x)},  ln p(x) = -E(x) - ln Z
// in closed form, summed over the hidden layer or over all x. Where these are too many, pair
// interactions of small tree-width by elimination (chains and narrow lattices of any length). On
// one or two real coordinates without a closed form, ln ∫ e^{-E(x)} dx by quadrature, exact but for
// a stated error. A closed form at every temperature also tells the mean of lp = -E(x), which draws
// can be held against: d ln Z(β)/dβ at β = 1.
#include <boost/math/differentiation/finite_difference.hpp>
#include <chrono>
#include <cmath>
#include <gibbsite/api/averages.hpp>
#include <gibbsite/api/elimination.hpp>
#include <gibbsite/api/quadrature.hpp>
#include <gibbsite/plugin.hpp>
#include <numbers>

namespace {
using namespace gibbsite;

// The mean of -E; nothing where ln Z(β) has no closed form around 1, or not one that is smooth to
// the digits of its two derivatives.
std::optional<double> mean_log_density(const Normalized& model) {
  using boost::math::differentiation::finite_difference_derivative;
  const auto log_z = [&](double beta) { return model.log_partition(beta).value_or(std::nan("")); };
  const double rough = finite_difference_derivative<decltype(log_z), double, 4>(log_z, 1.0),
               fine = finite_difference_derivative<decltype(log_z), double, 6>(log_z, 1.0);
  if (!(std::abs(rough - fine) <= 1e-5 * std::max(1.0, std::abs(fine)))) return {};
  return rough;
}

class ExactLogPartition final : public Evaluation {
 public:
  struct Params {
    double max_log2_states = 26;
    bool per_observation = true;

    void fields(Fields& f) {
      f.real("max_log2_states", max_log2_states,
             "refuse sums over more than 2^this states or points of quadrature",
             {.minimum = 0, .maximum = 40});
      f.flag("per_observation", per_observation,
             "keep the log-likelihood of every observation, of at most 100000");
    }
  };

  ExactLogPartition(const Params& p, const Context& c)
      : context_(c), limit_{p.max_log2_states}, per_observation_(p.per_observation) {
    if (c.model == nullptr) throw Error(c.subject + ": needs a model");
    const bool too_many = exact_method(*c.model, limit_).empty();
    quadrature_ = too_many && can_integrate(*c.model);
    const auto* pairwise = c.model->capability<Pairwise>();
    elimination_ =
        too_many && pairwise != nullptr && elimination_order(pairwise->graph()).has_value();
    if (!quadrature_ && !elimination_)
      require_exact_sum(*c.model, limit_, WithGradient::no, c.subject);
  }

  Result evaluate(const Input& input) const override {
    if (quadrature_) return by_quadrature();
    if (elimination_) return by_elimination();
    announce(input.desk);
    const ExactSum sum = exact_sum(*context_.model, *context_.workers, false, limit_);
    Result result = bound_result(context_, {sum.log_partition, 0, "exact", ""}, per_observation_);
    result.attributes["method"] = sum.method;
    if (const auto* closed = context_.model->capability<Normalized>(); sum.method == "closed_form")
      if (const auto mean = mean_log_density(*closed)) result.scalar("mean_lp", *mean);
    return result;
  }

 private:
  Result by_elimination() const {
    const double value = log_partition(context_.model->capability<Pairwise>()->graph());
    Result result = bound_result(context_, {value, 0, "exact", ""}, per_observation_);
    result.attributes["method"] = std::string("elimination");
    return result;
  }

  // The integral is taken as exact where refining it changed less than the model's own rounding.
  Result by_quadrature() const {
    const double tolerance = std::is_same_v<Real, double> ? 1e-9 : 1e-5;
    const Quadrature found =
        integrate(*context_.model, *context_.workers, tolerance, limit_.max_log2_states);
    LogPartitionBound value{found.log_integral, 0, "exact", ""};
    if (!(found.error <= tolerance))
      value = {found.log_integral, std::numeric_limits<double>::quiet_NaN(), "none",
               "the quadrature did not converge: its last error estimate is " +
                   number_text(found.error)};
    Result result = bound_result(context_, value, per_observation_);
    result.attributes["method"] = std::string("quadrature");
    result.attributes["quadrature_error"] = found.error;
    return result;
  }

  // Says how long a large sum will take, by the time of its first states.
  void announce(Desk& desk) const {
    const EnergyModel& model = *context_.model;
    const std::string method = exact_method(model, limit_);
    const bool hidden = method == "hidden_sum";
    if (!hidden && method != "enumeration") return;
    const Domain& domain = hidden ? model.capability<Latent>()->hidden() : model.domain();
    constexpr Index block = 256;
    const double blocks = std::exp(domain.log_states()) / double(block);
    if (blocks < 4096) return;
    const auto start = std::chrono::steady_clock::now();
    const Batch x = states(domain, 0, block);
    Row out;
    Batch natural;
    if (hidden) {
      model.capability<Latent>()->visible_natural(x, natural);
      out = log_partition(model.domain(), natural);
    } else {
      model.energy(x, out);
    }
    const std::chrono::duration<double> one = std::chrono::steady_clock::now() - start;
    desk.report(
        0, 1,
        "2^" + number_text(std::round(std::log2(blocks * double(block)))) + " states, about " +
            number_text(std::ceil(one.count() * blocks / context_.workers->threads())) + " s");
  }

  Context context_;
  ExactLimit limit_;
  bool per_observation_, quadrature_ = false, elimination_ = false;
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<ExactLogPartition>(
      "exact_log_partition", "log Z and log-likelihood by closed form or summation over states",
      "Salakhutdinov & Murray 2008, ICML, section 3 (summing out the smaller layer)");
}
