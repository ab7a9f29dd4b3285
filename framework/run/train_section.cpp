#include "gibbsite/run/train_section.hpp"

#include <algorithm>

namespace gibbsite {
namespace {

class TrainReader {
 public:
  explicit TrainReader(const SectionTools& tools) : tools_(tools) {}

  std::unique_ptr<TrainStage> read(const Node& node, Node& resolved) {
    Reader reader(node, "train", tools_.faults, &tools_.resolver);
    params_.fields(reader);
    tools_.resolver.set_training_gradient(params_.gradient);
    read_options(node, reader);
    reader.accept("pretrain");
    if (params_.epochs.has_value() == params_.updates.has_value())
      fault(node.place, "train", "needs either epochs or updates");
    if (tools_.context.train == nullptr) fault(node.place, "train", "needs a data section");
    if (tools_.context.model->capability<Parametric>() == nullptr)
      fault(node.place, "train", "needs a model with parameters");
    if (tools_.faults.empty()) build_plugins(node);
    if (tools_.faults.empty()) read_parts(node, reader);
    const Node* evaluations = node.find("evaluate");
    if (evaluations != nullptr) read_scheduled(*evaluations, reader);
    if (const Node* stop = node.find("stop")) check_metric(*stop);
    reader.accept("evaluate");
    reader.finish();
    resolved = std::move(reader.resolved());
    return tools_.faults.empty() ? std::move(stage_) : nullptr;
  }

 private:
  void fault(const Place& place, const std::string& path, const std::string& message) const {
    tools_.faults.add(place, path, message);
  }

  void read_options(const Node& node, Reader& reader) {
    reader.accept("regularization");
    if (const Node* given = node.find("regularization")) read_regularization(*given, reader);
    if (const Node* given = tools_.read_map(node, "train", "clip", reader, stage_->clip))
      if (stage_->clip.norm.has_value() == stage_->clip.value.has_value())
        fault(given->place, "train.clip", "needs either norm or value");
    CentringParams centring;
    if (tools_.read_map(node, "train", "centring", reader, centring) != nullptr)
      centring_ = centring;
    StopParams stop;
    if (tools_.read_map(node, "train", "stop", reader, stop) != nullptr) stage_->stop = stop;
    DivergenceParams retry;
    if (const Node* given = tools_.read_map(node, "train", "on_divergence", reader, retry))
      check_retries(*given, retry);
  }

  void check_retries(const Node& given, const DivergenceParams& retry) {
    stage_->retry = retry;
    if (retry.retries > 0) return;
    const std::string path = "train.on_divergence";
    if (retry.rate_factor || retry.snapshot_every)
      fault(given.place, path, "rate_factor and snapshot_every need retries > 0");
    if (!retry.energy_gap) fault(given.place, path, "has no effect: give retries or energy_gap");
  }

  void read_regularization(const Node& given, Reader& outer) {
    const std::string path = "train.regularization";
    Reader reader(given, path, tools_.faults, &tools_.resolver);
    penalties_.emplace().fields(reader);
    SparsityParams sparsity;
    if (tools_.read_map(given, path, "sparsity", reader, sparsity) != nullptr) sparsity_ = sparsity;
    reader.finish();
    outer.resolved().entries.push_back(
        {"regularization", given.place, std::move(reader.resolved())});
  }

  void build_plugins(const Node& node) {
    const Dataset& data = *tools_.context.train;
    stage_->batch = std::min(params_.batch, data.size());
    const Index per_epoch = (data.size() + stage_->batch - 1) / stage_->batch;
    stage_->updates = params_.updates ? *params_.updates : *params_.epochs * per_epoch;
    stage_->budget = params_.budget.value_or(HUGE_VAL);
    stage_->record_every = params_.record_every;
    stage_->average = params_.average;
    const Context context = tools_.with_stream("train");
    tools_.guard(node.place, "train", [&] {
      stage_->gradient =
          tools_.registry.make<GradientEstimator>(Kind::gradient, params_.gradient, context);
      stage_->optimizer =
          tools_.registry.make<Optimizer>(Kind::optimizer, params_.optimizer, context);
    });
    if (centring_)
      tools_.guard(node.find("centring")->place, "train.centring",
                   [&] { stage_->centring = std::make_unique<Centring>(*centring_, context); });
    if (!penalties_) return;
    tools_.guard(node.find("regularization")->place, "train.regularization", [&] {
      stage_->regularizer = std::make_unique<Regularizer>(*penalties_, sparsity_, context);
      const bool open = &data.observed() != &data;
      if (sparsity_ && open && stage_->gradient &&
          stage_->gradient->takes() == HiddenCoordinates::none)
        throw Error("sparsity: needs hidden coordinates, which gradient " + params_.gradient.name +
                    " sums over");
    });
  }

  void read_parts(const Node& node, Reader& reader) {
    Node resolved;
    stage_->pretraining = read_pretraining(node, tools_, resolved);
    if (resolved)
      reader.resolved().entries.push_back({"pretrain", node.place, std::move(resolved)});
  }

  void read_scheduled(const Node& list, Reader& reader) {
    Node resolved;
    stage_->scheduled = read_evaluations(list, "train.evaluate", true, tools_, resolved);
    reader.resolved().entries.push_back({"evaluate", list.place, std::move(resolved)});
  }

  // The number itself is known when the evaluation has been made.
  void check_metric(const Node& given) const {
    const Node* metric = given.find("metric");
    if (metric == nullptr || !tools_.faults.empty()) return;
    std::vector<std::string> labels;
    for (const EvaluateStage& stage : stage_->scheduled) labels.push_back(stage.label);
    const auto [label, number] = split_metric(stage_->stop->metric);
    if (number.empty())
      fault(metric->place, "train.stop.metric",
            "must be label.number of an entry of train.evaluate, got " + metric->shown());
    else if (std::find(labels.begin(), labels.end(), label) == labels.end())
      fault(metric->place, "train.stop.metric",
            "train.evaluate has no '" + label + "'" + known_names(label, labels));
  }

  const SectionTools& tools_;
  TrainParams params_;
  std::optional<RegularizationParams> penalties_;
  std::optional<SparsityParams> sparsity_;
  std::optional<CentringParams> centring_;
  std::unique_ptr<TrainStage> stage_ = std::make_unique<TrainStage>();
};

}  // namespace

std::unique_ptr<TrainStage> build_train_section(const Node& node, const SectionTools& tools,
                                                Node& resolved) {
  return TrainReader(tools).read(node, resolved);
}

std::pair<std::string, std::string> split_metric(const std::string& metric) {
  const auto dot = metric.find('.');
  if (dot == 0 || dot == std::string::npos) return {};
  return {metric.substr(0, dot), metric.substr(dot + 1)};
}

}  // namespace gibbsite
