#include <algorithm>
#include <cmath>

#include "gibbsite/core/finite.hpp"
#include "gibbsite/run/minibatches.hpp"
#include "gibbsite/run/parameter_parts.hpp"
#include "gibbsite/run/scheduled.hpp"
#include "gibbsite/run/stages.hpp"
#include "gibbsite/run/training_record.hpp"

namespace gibbsite {
namespace {

// Whether the gradient had to be cut.
bool clip(const ClipParams& limits, Parameters& ascent) {
  if (!limits.norm && !limits.value) return false;
  const double size = limits.norm ? ascent.stableNorm() : ascent.lpNorm<Eigen::Infinity>();
  const double limit = limits.norm ? *limits.norm : limits.value.value_or(HUGE_VAL);
  if (size <= limit) return false;
  if (limits.norm)
    ascent *= limit / size;
  else
    ascent = ascent.cwiseMax(-limit).cwiseMin(limit);
  return true;
}

class Trainer {
 public:
  explicit Trainer(Session& session)
      : session_(session),
        state_(session.state),
        experiment_(session.experiment),
        stage_(*session.experiment.train),
        parametric_(*session.experiment.model->capability<Parametric>()),
        scheduled_(session),
        random_(Stream(session.experiment.seed).split("train")),
        batches_(session.experiment.training->observed(), stage_.batch, random_.split("order")) {}

  void run() {
    begin();
    scheduled_.make_due();
    while (!ended()) {
      keep_snapshot();
      try {
        update();
      } catch (const Diverged& fault) {
        roll_back(fault);
        continue;
      }
      report();
      scheduled_.make_due();
    }
    use_parameters(parametric_, trained_parameters(stage_, training_), session_.workers);
  }

 private:
  void begin() {
    if (training_.theta.size() == 0) {
      training_.theta = parametric_.parameters();
      training_.gradient = stage_.gradient->init(random_.split("init"));
    } else {
      parametric_.set_parameters(training_.theta);
    }
  }

  bool ended() const {
    // Later stages spend evaluations of their own, which are no measure of the budget.
    if (state_.stage != Checkpoint::Stage::train) return true;
    const bool early =
        stage_.stop && stage_.stop->patience && training_.not_better >= *stage_.stop->patience;
    return early || Index(training_.update) >= stage_.updates || spent() >= stage_.budget;
  }

  // Evaluations so far, a sweep over all coordinates counted as one.
  double spent() const {
    const Evaluations all = session_.evaluations();
    return double(all.energy + all.gradient + all.parameter_gradient) +
           double(all.site_updates) / double(experiment_.model->dim());
  }

  void report() {
    char note[48];
    std::snprintf(note, sizeof note, "|gradient| %.3g", gradient_norm_);
    session_.report(double(training_.update), double(stage_.updates), note);
  }

  // Every return to a snapshot goes on with other random numbers and a smaller share of the rate.
  Stream random() const {
    const std::size_t returns = state_.rollbacks.size();
    return returns == 0 ? random_ : random_.split("return").split(std::uint64_t(returns));
  }
  double rate_share() const {
    if (!stage_.retry) return 1;
    return std::pow(stage_.retry->rate_factor.value_or(0.5), double(state_.rollbacks.size()));
  }

  void update() {
    const Stream random = this->random().at(training_.update);
    const Completion rows =
        rows_for(*stage_.gradient, *experiment_.model,
                 batches_.at(training_.update, this->random().split("data").at(training_.update)),
                 session_.workers, random);
    UpdateRecord record{
        .estimate = stage_.gradient->estimate(rows.x, training_.gradient, random),
        .learning_rate = stage_.optimizer->learning_rate(training_.update) * rate_share(),
        .unconverged = rows.unconverged};
    require_length("the gradient estimator returns", record.estimate.ascent);
    const ParameterParts parts(session_.workers, training_.theta.size());
    record.gradient_norm = parts.norm(record.estimate.ascent);
    check(record);
    change(rows.x, record);
    record.parameter_norm = climb(record.estimate.ascent, parts);
    gradient_norm_ = record.gradient_norm;
    if (is_recorded()) record_update(session_, record);
  }

  // The gradient as the options of training have it.
  void change(const BatchView& data, UpdateRecord& record) {
    Parameters& ascent = record.estimate.ascent;
    if (stage_.centring) stage_.centring->apply(data, training_.centre, ascent);
    if (stage_.regularizer)
      record.penalty = stage_.regularizer->add(training_.theta, data, training_.activity, ascent);
    if ((stage_.centring || stage_.regularizer) && !all_finite(ascent))
      throw Diverged("the gradient is not finite" + here());
    if (clip(stage_.clip, ascent)) ++training_.clipped;
  }

  void check(const UpdateRecord& record) const {
    const GradientEstimate& estimate = record.estimate;
    const std::size_t named = stage_.gradient->statistics().size();
    if (estimate.statistics.size() != named)
      throw Error("gradient: reports " + std::to_string(estimate.statistics.size()) +
                  " statistics, but names " + std::to_string(named));
    if (!is_finite(estimate.ascent, record.gradient_norm))
      throw Diverged("the gradient is not finite" + here());
    if (!stage_.retry || !stage_.retry->energy_gap) return;
    if (std::isnan(estimate.energy_gap) && training_.update == 0)
      throw Error("train.on_divergence.energy_gap: the gradient estimator reports no energy gap");
    if (!(std::abs(estimate.energy_gap) <= *stage_.retry->energy_gap))
      throw Diverged("the energy gap is " + number_text(estimate.energy_gap) + here());
  }

  // Later passes go by the number of parameters alone.
  void require_length(const char* who, const Parameters& vector) const {
    if (vector.size() != training_.theta.size())
      throw Error(std::string(who) + " " + std::to_string(vector.size()) + " numbers for " +
                  std::to_string(training_.theta.size()) + " parameters");
  }

  // A norm that is finite speaks for all entries; squares overflow before entries do.
  static bool is_finite(const Parameters& all, double norm) {
    return std::isfinite(norm) || all_finite(all);
  }

  // One step; returns the norm of the new parameters.
  double climb(const Parameters& ascent, const ParameterParts& parts) {
    const auto* elementwise = dynamic_cast<const ElementwiseOptimizer*>(stage_.optimizer.get());
    if (elementwise != nullptr) {
      next_.resize(training_.theta.size());
      elementwise->make_slots(training_.slots, next_.size());
    } else {
      next_ = training_.theta;
      stage_.optimizer->update(next_, ascent, training_.slots, training_.update);
      require_length("the optimizer leaves", next_);
    }
    const double share = rate_share();
    const double norm = parts.norm(next_, [&](Index first, Index count) {
      const auto before = training_.theta.segment(first, count);
      auto after = next_.segment(first, count);
      if (elementwise != nullptr) {
        after = before;
        elementwise->update_entries(first, count, next_, ascent, training_.slots, training_.update);
      }
      // Steps are proportional to the learning rate.
      if (share != 1) after = before + share * (after - before);
    });
    if (!is_finite(next_, norm)) throw Diverged("a parameter is not finite" + here());
    use_parameters(parametric_, next_, session_.workers, here());
    std::swap(training_.theta, next_);
    ++training_.update;
    if (stage_.average) average(*stage_.average, parts);
    return norm;
  }

  // The plain mean of all updates until these are as many as the share stands for.
  void average(double share, const ParameterParts& parts) {
    const double n = double(training_.update);
    const double kept = std::min(share, (n - 1) / n);
    if (training_.average.size() == 0) {
      training_.average = training_.theta;
      return;
    }
    parts.each([&](Index first, Index count) {
      auto mean = training_.average.segment(first, count);
      mean = kept * mean + (1 - kept) * training_.theta.segment(first, count);
    });
  }

  std::string here() const { return " at update " + std::to_string(training_.update); }

  // An evaluation needs a row for its numbers.
  bool is_recorded() const {
    return training_.update % std::uint64_t(stage_.record_every) == 0 || scheduled_.any_due();
  }

  void keep_snapshot() {
    if (!stage_.retry || stage_.retry->retries == 0) return;
    if (training_.update % std::uint64_t(stage_.retry->snapshot_every.value_or(100)) != 0) return;
    if (state_.snapshot.theta.size() > 0 && state_.snapshot.update == training_.update) return;
    state_.snapshot = training_;
  }

  void roll_back(const Diverged& fault) {
    const Index returns = Index(state_.rollbacks.size());
    if (!stage_.retry || stage_.retry->retries == 0) throw fault;
    if (returns == stage_.retry->retries)
      throw Diverged(std::string(fault.what()) + ", after " + std::to_string(returns) +
                     " returns to a snapshot");
    const std::uint64_t restart = state_.snapshot.update;
    state_.rollbacks.push_back({training_.update, restart, 0, fault.what()});
    const double rate = stage_.optimizer->learning_rate(restart) * rate_share();
    state_.rollbacks.back().learning_rate = rate;
    std::fprintf(stderr, "training diverged: %s; it goes on from update %llu at learning rate %g\n",
                 fault.what(), static_cast<unsigned long long>(restart), rate);
    forget_after(state_, restart, training_columns(experiment_).size());
    training_ = state_.snapshot;
    parametric_.set_parameters(training_.theta);
  }

  Session& session_;
  Checkpoint& state_;
  Training& training_ = state_.training;
  const Experiment& experiment_;
  const TrainStage& stage_;
  Parametric& parametric_;
  ScheduledEvaluations scheduled_;
  const Stream random_;
  Minibatches batches_;
  Parameters next_;  ///< memory for the parameters to come
  double gradient_norm_ = 0;
};

}  // namespace

void train(Session& session) {
  if (!session.experiment.train) return;
  pretrain(session);
  Trainer(session).run();
}

}  // namespace gibbsite
