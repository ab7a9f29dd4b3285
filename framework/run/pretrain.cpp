#include "gibbsite/run/minibatches.hpp"
#include "gibbsite/run/pretrain_record.hpp"
#include "gibbsite/run/scheduled.hpp"
#include "gibbsite/run/stages.hpp"

namespace gibbsite {
namespace {

class Pretrainer {
 public:
  explicit Pretrainer(Session& session)
      : session_(session),
        state_(session.state.pretraining),
        stages_(session.experiment.train->pretraining),
        whole_(*session.experiment.model->capability<Parametric>()),
        parted_(*session.experiment.model->capability<Parted>()) {}

  void run() {
    if (state_.whole.size() > 0) whole_.set_parameters(state_.whole);
    while (state_.part < Index(stages_.size())) train_part(stages_[std::size_t(state_.part)]);
  }

 private:
  void train_part(const PretrainStage& stage) {
    const std::string name = "pretrain " + std::to_string(state_.part);
    const Stream random = Stream(session_.experiment.seed).split(name);
    if (state_.theta.size() == 0) {
      state_.theta = parted_.part_parameters(state_.part);
      stage.parametric->set_parameters(state_.theta);
      state_.gradient = stage.gradient->init(random.split("init"));
    } else {
      stage.parametric->set_parameters(state_.theta);
    }
    Minibatches batches(*stage.part.data, stage.batch, random.split("order"));
    while (Index(state_.update) < stage.updates) {
      update(stage, batches, random);
      session_.report(double(state_.update), double(stage.updates), name);
    }
    parted_.take_part(state_.part, state_.theta);
    Pretraining next{.part = state_.part + 1, .whole = whole_.parameters()};
    next.rows = std::move(state_.rows);
    state_ = std::move(next);
  }

  void update(const PretrainStage& stage, Minibatches& batches, const Stream& random) {
    const Stream now = random.at(state_.update);
    const Batch x = batches.at(state_.update, random.split("data").at(state_.update));
    const GradientEstimate estimate = stage.gradient->estimate(x, state_.gradient, now);
    const std::string here = " at update " + std::to_string(state_.update) + " of pretrain " +
                             std::to_string(state_.part);
    if (!estimate.ascent.allFinite()) throw Diverged("the gradient is not finite" + here);
    Parameters next = state_.theta;
    const double rate = stage.optimizer->learning_rate(state_.update);
    stage.optimizer->update(next, estimate.ascent, state_.slots, state_.update);
    if (!next.allFinite()) throw Diverged("a parameter is not finite" + here);
    use_parameters(*stage.parametric, next, session_.workers, here);
    state_.theta = std::move(next);
    ++state_.update;
    if (state_.update % std::uint64_t(stage.record_every) == 0)
      record_pretraining(session_, estimate, rate);
  }

  Session& session_;
  Pretraining& state_;
  const std::vector<PretrainStage>& stages_;
  Parametric& whole_;
  Parted& parted_;
};

}  // namespace

void pretrain(Session& session) {
  const bool begun = session.state.training.theta.size() > 0;
  if (!session.experiment.train->pretraining.empty() && !begun) Pretrainer(session).run();
}

}  // namespace gibbsite
