#include "gibbsite/run/sample_section.hpp"

#include <algorithm>

#include "gibbsite/api/exact_draws.hpp"

namespace gibbsite {
namespace {

class SampleReader {
 public:
  explicit SampleReader(const SectionTools& tools) : tools_(tools) {}

  std::unique_ptr<SampleStage> read(const Node& node, Node& resolved) {
    auto stage = std::make_unique<SampleStage>();
    SampleParams& params = stage->params;
    Reader reader(node, "sample", tools_.faults, &tools_.resolver);
    params.fields(reader);
    Node init = read_init(node, *stage), clamp = read_clamp(node, *stage);
    reader.accept("init");
    reader.accept("clamp");
    reader.finish();
    reader.resolved().entries.push_back({"init", node.place, std::move(init)});
    if (clamp) reader.resolved().entries.push_back({"clamp", node.place, std::move(clamp)});
    resolved = std::move(reader.resolved());
    const auto records = [&](const char* what) {
      return std::find(params.record.begin(), params.record.end(), what) != params.record.end();
    };
    stage->record_x = records("x");
    stage->record_energy = records("energy");
    if (stage->starts && stage->starts->size() < params.chains)
      tools_.faults.add(node.place, "sample.init.path",
                        "must have a line for each of " + std::to_string(params.chains) +
                            " chains, got " + std::to_string(stage->starts->size()));
    if (!tools_.faults.empty()) return nullptr;
    Context context = tools_.with_stream("sample");
    if (stage->clamped) context.model = stage->clamped.get();
    context.subject = "sample";
    stage->sampler = context.sampler(params.sampler);
    return stage;
  }

 private:
  Node read_init(const Node& sample, SampleStage& stage) {
    static const Node empty = Node::map();
    const Node* given = sample.find("init");
    InitParams& params = stage.init;
    Reader reader(given == nullptr ? empty : *given, "sample.init", tools_.faults,
                  &tools_.resolver);
    params.fields(reader);
    read_other(given, stage, reader);
    reader.finish();
    const Place& at = given == nullptr ? sample.place : given->place;
    const auto require = [&](bool good, const char* rule) {
      if (!good) tools_.faults.add(at, "sample.init", rule);
    };
    require((params.from == "value") == params.value.has_value(),
            "from: value and a value belong together");
    require((params.from == "file") == !params.path.empty(),
            "from: file and a path belong together");
    require(params.from != "data" || tools_.context.train != nullptr || stage.other != nullptr,
            "from: data needs a data section");
    require(params.from == "data" || given == nullptr || given->find("data") == nullptr,
            "a data section of its own needs from: data");
    if (params.from == "file" && params.path.ends_with(".csv"))
      tools_.guard(given->place, "sample.init.path",
                   [&] { stage.starts = read_starts(params.path); });
    if (params.from == "model") {
      require(
          !draw_method(*tools_.context.model).empty(),
          "from: model needs a model with exact draws, at most 2^20 states, or pair interactions "
          "of small tree-width");
    }
    return std::move(reader.resolved());
  }

  // Data of another kind to start from, prepared as they say themselves.
  void read_other(const Node* init, SampleStage& stage, Reader& reader) {
    reader.accept("data");
    const Node* given = init == nullptr ? nullptr : init->find("data");
    if (given == nullptr) return;
    Preparation how;
    PluginSpec spec =
        tools_.resolver.resolve_with(Kind::dataset, *given, "sample.init.data", tools_.faults,
                                     [&](Fields& f) { how.fields(f); });
    if (!spec) return;
    reader.resolved().entries.push_back({"data", given->place, spec.node});
    tools_.guard(given->place, "sample.init.data", [&] {
      stage.other = std::make_unique<Data>(prepare_data(
          tools_.registry.make<Dataset>(Kind::dataset, spec, tools_.with_stream("init data")),
          how));
      const Index dim = stage.other->train->dim();
      if (dim != tools_.context.model->dim())
        throw Error("has " + std::to_string(dim) + " coordinates, but the model has " +
                    std::to_string(tools_.context.model->dim()));
    });
  }

  // Configurations to start from, one per line of a text file.
  std::unique_ptr<Dataset> read_starts(const std::string& path) {
    Node node = Node::map();
    node["name"] = Node::scalar("csv", true);
    node["path"] = Node::scalar(path, true);
    auto starts =
        tools_.registry.make<Dataset>(Kind::dataset, {"csv", node}, tools_.with_stream("sample"));
    if (starts->dim() != tools_.context.model->dim())
      throw Error(path + " has " + std::to_string(starts->dim()) +
                  " values per line, but the model has " +
                  std::to_string(tools_.context.model->dim()) + " coordinates");
    return starts;
  }

  Node read_clamp(const Node& sample, SampleStage& stage) {
    const Node* given = sample.find("clamp");
    if (given == nullptr) return {};
    ClampParams params;
    Reader reader(*given, "sample.clamp", tools_.faults, &tools_.resolver);
    params.fields(reader);
    reader.finish();
    const auto& coordinates = params.coordinates;
    const auto& values = params.values;
    const auto& row = params.row;
    tools_.guard(given->place, "sample.clamp", [&] {
      if (row.has_value() != values.empty()) throw Error("needs either values or row");
      Vector held(Index(values.size()));
      for (std::size_t k = 0; k < values.size(); ++k) held(Index(k)) = Real(values[k]);
      if (row) {
        if (tools_.context.train == nullptr || *row >= tools_.context.train->size())
          throw Error("row must be a training observation");
        const Dataset& data = tools_.context.train->observed();
        Batch x(data.dim(), 1);
        data.columns(std::vector<Index>{*row}, Stream(tools_.seed).split("clamp"), x);
        held.resize(Index(coordinates.size()));
        for (std::size_t k = 0; k < coordinates.size(); ++k) {
          if (coordinates[k] >= x.rows())
            throw Error("coordinate must be below " + std::to_string(x.rows()) + ", got " +
                        std::to_string(coordinates[k]));
          held(Index(k)) = x(coordinates[k], 0);
        }
      }
      stage.clamped = std::make_unique<Clamped>(*tools_.context.model, coordinates, held);
    });
    return std::move(reader.resolved());
  }

  const SectionTools& tools_;
};

}  // namespace

std::unique_ptr<SampleStage> build_sample_section(const Node& node, const SectionTools& tools,
                                                  Node& resolved) {
  return SampleReader(tools).read(node, resolved);
}

}  // namespace gibbsite
