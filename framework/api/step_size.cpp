#include "gibbsite/api/step_size.hpp"

#include <algorithm>
#include <cmath>

namespace gibbsite {

void DualAveraging::init(Table& tuning, double step_size) const {
  tuning.row(row_).setConstant(step_size);
  tuning.row(row_ + 1).setConstant(std::log(step_size));
  tuning.row(row_ + 2).setZero();
  tuning.row(row_ + 3).setConstant(std::log(10 * step_size));
  tuning.row(row_ + 4).setZero();
}

void DualAveraging::adapt(Table& tuning, const Row& acceptance, Warmup at) const {
  constexpr double gamma = 0.05, t0 = 10, kappa = 0.75;
  constexpr double bound = 80;  // e^±80 are numbers in single precision too
  for (Index c = 0; c < tuning.cols(); ++c) {
    double& mean_log = tuning(row_ + 1, c);
    double& error = tuning(row_ + 2, c);
    const double t = ++tuning(row_ + 4, c);
    const double accepted = std::isfinite(acceptance(c)) ? acceptance(c) : 0;
    error += (target_ - accepted - error) / (t + t0);
    const double log_step =
        std::clamp(tuning(row_ + 3, c) - std::sqrt(t) / gamma * error, -bound, bound);
    const double weight = std::pow(t, -kappa);
    mean_log = weight * log_step + (1 - weight) * mean_log;
    tuning(row_, c) = std::exp(at.done == at.total ? mean_log : log_step);
  }
}

void DualAveraging::restart(Table& tuning) const {
  tuning.row(row_ + 1) = tuning.row(row_).log();
  tuning.row(row_ + 2).setZero();
  tuning.row(row_ + 3) = (10 * tuning.row(row_)).log();
  tuning.row(row_ + 4).setZero();
}

void StepAdaptation::fields(Fields& f, const std::string& hint) {
  f.flag("adapt", adapt, "adapt ε of each chain to target_acceptance in warm-up");
  f.real("target_acceptance", target_acceptance, "acceptance rate that warm-up aims at" + hint,
         {.minimum = 0.01, .maximum = 0.99});
}

StepSizeSampler::StepSizeSampler(const Context& c, double step_size, const StepAdaptation& how,
                                 const std::string& mass)
    : step_size_(step_size),
      adapts_(how.adapt),
      averaging_(0, how.target_acceptance),
      mass_(mass_matrix(mass, DualAveraging::rows, c.model->dim())) {
  require_real(c);
}

void StepSizeSampler::adapt(Chains& now, Warmup at) const {
  if (!adapts_) return;
  averaging_.adapt(now.tuning, now.statistics.row(0), at);
  if (mass_->adapt(now.tuning, now.x, at)) averaging_.restart(now.tuning);
}

std::vector<Statistic> StepSizeSampler::statistics() const {
  return {{"acceptance_rate"}, {"step_size"}};
}

void StepSizeSampler::decide(Chains& now, const Chains& proposal, const Row& log_ratio,
                             const Row& step, Stream& random) {
  metropolis(now, proposal, log_ratio, random);
  now.statistics.row(0) = log_ratio.isNaN().select(0.0, log_ratio.min(0.0).exp());
  now.statistics.row(1) = step;
}

void StepSizeSampler::do_init(Chains& now) const {
  now.tuning.resize(DualAveraging::rows + mass_->rows(), now.x.cols());
  averaging_.init(now.tuning, step_size_);
  mass_->init(now.tuning);
}

void StepSchedule::fields(Fields& f) {
  f.choice("schedule", schedule, {"fixed", "decreasing"},
           "fixed, or step t = 0, 1 ... of a chain shrunk by (offset + t)^-exponent");
  f.positive("offset", offset, "b of the decreasing schedule a (b + t)^-γ, whose a is the step");
  f.real("exponent", exponent, "γ of the decreasing schedule; at most 1, so that Σε_t = ∞",
         {.minimum = 0.5, .maximum = 1, .above_minimum = true});
}

void StepSchedule::init(Chains& now) const {
  if (schedule == "decreasing") now.aux = Batch::Zero(2, now.x.cols());
}

// Steps are counted in two digits, as a single-precision number counts to 2^24 only.
Row StepSchedule::next(Chains& now) const {
  if (schedule == "fixed") return Row::Ones(now.x.cols());
  constexpr Real digit = 1 << 20;
  const Row t =
      (now.aux.row(0).cast<double>() + double(digit) * now.aux.row(1).cast<double>()).array();
  for (Index c = 0; c < now.x.cols(); ++c) {
    now.aux(0, c) += 1;
    if (now.aux(0, c) < digit) continue;
    now.aux(0, c) = 0;
    now.aux(1, c) += 1;
  }
  return (offset + t).pow(-exponent);
}

void require_real(const Context& c) {
  if (!c.model->domain().all(Domain::Kind::real))
    throw Error(c.subject + ": needs a model on real coordinates, got " + c.model->domain().text());
}

}  // namespace gibbsite
