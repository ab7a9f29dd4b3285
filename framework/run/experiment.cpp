#include "gibbsite/run/experiment.hpp"

#include <algorithm>

#include "gibbsite/io/process_state.hpp"
#include "gibbsite/run/build_limit.hpp"

namespace gibbsite {
namespace {

constexpr const char* make_binary = "; data.threshold and data.binarize make values binary";

// Reads one cell section by section; each later section sees what the earlier ones built.
class Builder {
 public:
  Builder(const Node& spec, Registry& registry, const Workers& workers, DataCache& cache,
          Faults& faults)
      : spec_(spec), registry_(registry), resolver_(registry), cache_(cache), faults_(faults) {
    context_.workers = &workers;
    context_.registry = &registry;
  }

  std::unique_ptr<Experiment> build() {
    Reader top(spec_, "", faults_, &resolver_);
    read_top(top);
    top.finish();
    made_->resolved = std::move(top.resolved());
    guarded("data", [&](const Node& node) { read_data(node); });
    if (spec_.find("model") == nullptr) faults_.add(spec_.place, "model", "is required");
    guarded("model", [&](const Node& node) { read_model(node); });
    if (context_.model == nullptr) return nullptr;
    guarded("train", [&](const Node& node) { read_train(node); });
    context_.has_samples = spec_.find("sample") != nullptr;
    guarded("sample", [&](const Node& node) { read_sample(node); });
    guarded("evaluate", [&](const Node& node) { read_evaluate(node); });
    guarded("checkpoint", [&](const Node& node) { read_checkpoint_section(node); });
    if (!faults_.empty()) return nullptr;
    made_->id = cell_id(made_->resolved);
    return std::move(made_);
  }

 private:
  // Runs `read` on a section; what a constructor throws is reported at the section's place.
  template <class Read>
  void guarded(const std::string& section, Read read) {
    const Node* node = spec_.find(section);
    if (node != nullptr) tools().guard(node->place, section, [&] { read(*node); });
  }
  SectionTools tools() { return {registry_, resolver_, context_, made_->seed, faults_}; }
  void keep(const std::string& section, Node node) {
    made_->resolved.entries.push_back({section, node.place, std::move(node)});
  }
  Context with_stream(const std::string& purpose) { return tools().with_stream(purpose); }

  void read_top(Reader& top) {
    Index version = 0;
    top.integer("gibbsite", version, "format version of the spec",
                {.minimum = 1, .maximum = 1, .required = true});
    std::string description, precision = "double";
    top.text("name", made_->name, "names results/<name>/", {.required = true});
    const bool good = !made_->name.empty() && made_->name.size() <= 100 &&
                      made_->name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") ==
                          std::string::npos;
    const Node* name = spec_.find("name");
    if (name != nullptr && !made_->name.empty() && !good)
      faults_.add(name->place, "name", "must be at most 100 of [a-z0-9_-], got " + name->shown());
    top.text("description", description, "the question this spec asks");
    read_seed(top);
    top.choice("precision", precision, {"single", "double"},
               "number type of states, parameters and gradients");
    for (const char* section :
         {"plugins", "data", "model", "train", "sample", "evaluate", "checkpoint", "grid"})
      top.accept(section);
    if (const Node* plugins = spec_.find("plugins")) {
      Node files = *plugins;
      for (Node& item : files.items) item = Node::scalar(absolute_file(item), true);
      top.resolved().entries.push_back({"plugins", plugins->place, std::move(files)});
    }
  }

  void read_seed(Reader& top) {
    top.accept("seed");
    if (const Node* node = spec_.find("seed")) {
      const auto value = node->as_unsigned();
      if (!value)
        faults_.add(node->place, "seed",
                    "must be an integer in [0, 2^64 - 1], got " + node->shown());
      made_->seed = value.value_or(1);
    }
    top.resolved().entries.push_back(
        {"seed", spec_.place, Node::scalar(std::to_string(made_->seed))});
  }

  void read_data(const Node& node) {
    Preparation how;
    PluginSpec spec = resolver_.resolve_with(Kind::dataset, node, "data", faults_,
                                             [&](Fields& f) { how.fields(f); });
    if (!spec) return;
    const std::string key = std::to_string(made_->seed) + to_flow(spec.node);
    keep("data", spec.node);
    auto& cached = cache_[key];
    if (!cached)
      cached = std::make_shared<Data>(
          prepare_data(registry_.make<Dataset>(Kind::dataset, spec, with_stream("data")), how));
    made_->data = cached;
    made_->training = context_.train = cached->train.get();
    context_.test = cached->test.get();
  }

  void read_model(const Node& node) {
    ModelParams params;
    const PluginSpec spec = resolver_.resolve_with(Kind::model, node, "model", faults_,
                                                   [&](Fields& f) { params.fields(f); });
    made_->temperature = params.temperature;
    if (!spec || !faults_.empty()) return;
    keep("model", spec.node);
    try {
      made_->own_model = registry_.make<EnergyModel>(Kind::model, spec, with_stream("model"));
    } catch (const Error& fault) {
      // A model may look at the data before they are checked here, for its first biases.
      const std::string text = fault.what();
      throw Error(text + (text.find("outside the model's domain") == text.npos ? "" : make_binary));
    }
    if (!params.parameters.empty()) load_parameters(params.parameters, *made_->own_model);
    made_->model = made_->own_model.get();
    if (made_->temperature != 1) {
      made_->tempered = std::make_unique<WeightedSum>(
          std::vector<WeightedSum::Part>{{1 / made_->temperature, made_->own_model.get()}});
      made_->model = made_->tempered.get();
    }
    check_data_fits(*made_->model);
    complete_data(*made_->model);
    context_.model = made_->model;
    resolver_.set_natural(*made_->model);
  }

  void check_data_fits(const EnergyModel& model) {
    const auto* partly = model.capability<PartlyObserved>();
    const Index observed = partly == nullptr ? 0 : partly->observed();
    for (const Dataset* part : {context_.train, context_.test}) {
      if (part == nullptr) continue;
      if (part->dim() != model.dim() && part->dim() != observed)
        throw Error("has " + std::to_string(model.dim()) + " coordinates" +
                    (observed == 0 ? "" : ", the first " + std::to_string(observed) + " observed") +
                    ", but the data have " + std::to_string(part->dim()));
      const Domain domain = part->dim() == model.dim()
                                ? model.domain()
                                : model.domain().select(all_sites(part->dim()));
      constexpr Index chunk = 4096;
      std::vector<Index> rows;
      for (Index first = 0; first < part->size(); first += chunk) {
        rows.clear();
        for (Index i = first; i < std::min(part->size(), first + chunk); ++i) rows.push_back(i);
        Batch x(part->dim(), Index(rows.size()));
        part->columns(rows, Stream(0), x);
        try {
          require_inside(domain, x);
        } catch (const Error& fault) {
          throw Error(std::string("data do not fit: ") + fault.what() + make_binary);
        }
      }
    }
  }

  void complete_data(const EnergyModel& model) {
    if (context_.train == nullptr || context_.train->dim() == model.dim()) return;
    made_->completed_train = std::make_unique<CompletedData>(*context_.train, model);
    made_->training = context_.train = made_->completed_train.get();
    if (context_.test == nullptr) return;
    made_->completed_test = std::make_unique<CompletedData>(*context_.test, model);
    context_.test = made_->completed_test.get();
  }

  void read_train(const Node& node) {
    Node resolved;
    made_->train = build_train_section(node, tools(), resolved);
    keep("train", std::move(resolved));
  }

  void read_sample(const Node& node) {
    Node resolved;
    made_->sample = build_sample_section(node, tools(), resolved);
    keep("sample", std::move(resolved));
  }

  void read_evaluate(const Node& node) {
    Node resolved;
    made_->evaluate = read_evaluations(node, "evaluate", false, tools(), resolved);
    keep("evaluate", std::move(resolved));
  }

  void read_checkpoint_section(const Node& node) {
    CheckpointParams params;
    Reader reader(node, "checkpoint", faults_, &resolver_);
    params.fields(reader);
    reader.finish();
    made_->checkpoint_every = params.every;
    keep("checkpoint", std::move(reader.resolved()));
  }

  const Node& spec_;
  Registry& registry_;
  RegistryResolver resolver_;
  DataCache& cache_;
  Faults& faults_;
  Context context_;
  std::unique_ptr<Experiment> made_ = std::make_unique<Experiment>();
};

}  // namespace

std::unique_ptr<Experiment> build_experiment(const Node& spec, Registry& registry,
                                             const Workers& workers, DataCache& cache,
                                             Faults& faults) {
  Faults own;
  const BuildLimit limit;
  const ProcessState before;
  auto made = Builder(spec, registry, workers, cache, own).build();
  if (const std::string changed = before.restore(); !changed.empty())
    own.add(spec.place, "plugins",
            "a plugin changes " + changed + " of the program when it is built");
  for (const std::string& line : own.lines()) faults.add({}, "", line);
  return own.empty() ? std::move(made) : nullptr;
}

}  // namespace gibbsite
