#include "gibbsite/run/pretrain_section.hpp"

#include <algorithm>

#include "gibbsite/run/sections.hpp"

namespace gibbsite {
namespace {

// The entry with what it takes from the train section.
Node with_defaults(const Node& item, const Node& train) {
  Node all = item;
  for (const char* key : {"gradient", "optimizer", "batch"})
    if (const Node* given = train.find(key); given != nullptr && item.find(key) == nullptr)
      all.entries.push_back({key, given->place, *given});
  return all;
}

class PartReader {
 public:
  PartReader(const Node& train, const SectionTools& tools) : train_(train), tools_(tools) {}

  // Part `k` of `model` by its entry; null parts mark faults.
  PretrainStage read(const Node& item, Index k, const Parted& model, Node& resolved) {
    const std::string path = "train.pretrain." + std::to_string(k);
    PretrainStage stage;
    tools_.guard(item.place, path,
                 [&] { stage.part = model.part(k, tools_.context.train->observed()); });
    if (stage.part.model == nullptr) return stage;
    stage.parametric = stage.part.model->capability<Parametric>();
    stage.parametric->set_parameters(model.part_parameters(k));
    Context context = tools_.with_stream("pretrain " + std::to_string(k));
    context.model = stage.part.model.get();
    context.train = stage.part.data.get();
    context.test = nullptr;
    tools_.resolver.set_natural(*stage.part.model);
    const Node whole = with_defaults(item, train_);
    PretrainParams params;
    Reader reader(whole, path, tools_.faults, &tools_.resolver);
    params.fields(reader);
    reader.finish();
    if (params.epochs.has_value() == params.updates.has_value())
      tools_.faults.add(item.place, path, "needs either epochs or updates");
    resolved = std::move(reader.resolved());
    if (!tools_.faults.empty()) return stage;
    stage.batch = std::min(params.batch, stage.part.data->size());
    const Index per_epoch = (stage.part.data->size() + stage.batch - 1) / stage.batch;
    stage.updates = params.updates ? *params.updates : *params.epochs * per_epoch;
    stage.record_every = params.record_every;
    tools_.guard(item.place, path, [&] {
      stage.gradient =
          tools_.registry.make<GradientEstimator>(Kind::gradient, params.gradient, context);
      stage.optimizer = tools_.registry.make<Optimizer>(Kind::optimizer, params.optimizer, context);
    });
    return stage;
  }

 private:
  const Node& train_;
  const SectionTools& tools_;
};

}  // namespace

std::vector<PretrainStage> read_pretraining(const Node& train, const SectionTools& tools,
                                            Node& resolved) {
  std::vector<PretrainStage> stages;
  const Node* list = train.find("pretrain");
  if (list == nullptr || tools.context.train == nullptr) return stages;
  const auto fault = [&](const std::string& text) {
    tools.faults.add(list->place, "train.pretrain", text);
  };
  const auto* parted = tools.context.model->capability<Parted>();
  if (parted == nullptr) {
    fault(
        "needs a model with parts that can be trained before it (deep_boltzmann_machine, convnet "
        "with coarse) at temperature 1");
    return stages;
  }
  if (!list->is_list() || Index(list->items.size()) != parted->parts()) {
    fault("must be a list with an entry for each of the model's " +
          std::to_string(parted->parts()) + " parts, got " + list->shown());
    return stages;
  }
  resolved = Node::list({});
  resolved.place = list->place;
  PartReader reader(train, tools);
  for (std::size_t k = 0; k < list->items.size(); ++k)
    stages.push_back(reader.read(list->items[k], Index(k), *parted, resolved.items.emplace_back()));
  tools.resolver.set_natural(*tools.context.model);
  return stages;
}

}  // namespace gibbsite
