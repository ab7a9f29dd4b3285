#include "gibbsite/cli/engine/examine.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "gibbsite/api/stamp.hpp"
#include "gibbsite/conformance/examine.hpp"
#include "gibbsite/io/compiler.hpp"
#include "gibbsite/io/loader.hpp"
#include "gibbsite/io/yaml.hpp"
#include "gibbsite/run/cell.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;

// The author's spec as one cell, built; plugins other than the one under test are loaded.
std::unique_ptr<Experiment> build(const std::string& file, const fs::path& tested,
                                  Registry& registry, const Workers& workers) {
  Faults faults;
  Node spec = read_yaml_file(file);
  if (Node* plugins = spec.find("plugins"))
    std::erase_if(plugins->items,
                  [&](const Node& item) { return fs::path(item.text).stem() == tested.stem(); });
  load_plugins(spec, registry, faults);
  faults.raise();
  for (const char* key : {"plugins", "grid", "precision"}) spec.erase(key);
  DataCache cache;
  auto made = build_experiment(spec, registry, workers, cache, faults);
  faults.raise();
  return made;
}

// Where a spec has the plugin of a kind.
const Node* part_of(const Node& spec, const Entry& entry) {
  const auto below = [&](const char* section, const char* key) -> const Node* {
    const Node* found = spec.find(section);
    return found == nullptr ? nullptr : found->find(key);
  };
  switch (entry.kind) {
    case Kind::model:
      return spec.find("model");
    case Kind::dataset:
      return spec.find("data");
    case Kind::sampler:
      return below("sample", "sampler");
    case Kind::gradient:
      return below("train", "gradient");
    case Kind::optimizer:
      return below("train", "optimizer");
    case Kind::evaluation:
      break;
  }
  const Node* list = spec.find("evaluate");
  if (list == nullptr) return nullptr;
  for (const Node& item : list->items)
    if (const Node* name = item.find("name"); name != nullptr && name->text == entry.name)
      return &item;
  return nullptr;
}

PluginSpec own_spec(const Experiment& experiment, const Entry& entry, const std::string& file) {
  const Node* node = part_of(experiment.resolved, entry);
  const Node* name = node == nullptr ? nullptr : node->find("name");
  if (name == nullptr || name->text != entry.name)
    throw Error(file + ": does not use the " + std::string(kind_name(entry.kind)) + " '" +
                entry.name + "' under test");
  return {entry.name, *node};
}

const char* word_of(Report::Kind kind) {
  static const char* const words[] = {"well", "fault", "note"};
  return words[int(kind)];
}

}  // namespace

int examine_plugin(const std::vector<std::string>& arguments, Registry& registry) {
  const fs::path file = arguments.at(0);
  const bool quick = arguments.at(1) == "quick";
  const fs::path module =
      file.extension() == ".cpp" ? compiled_plugin(file, GIBBSITE_STAMP_PRECISION) : file;
  ::alarm(quick ? 120 : 1200);  // an examination that hangs is ended by the system
  load_module(module, registry);
  const std::vector<Entry> entries = registry.entries();
  const Workers workers(2);
  std::unique_ptr<Experiment> experiment;
  if (arguments.size() > 2) experiment = build(arguments[2], file, registry, workers);
  int faults = 0;
  for (const Entry& entry : entries) {
    Examination how{.context = {}, .quick = quick, .own = {}};
    how.context.workers = &workers;
    how.context.registry = &registry;
    how.context.random = Stream(1);
    how.context.subject = std::string(kind_name(entry.kind)) + " " + entry.name;
    if (experiment) {
      how.context.model = experiment->model;
      how.context.train = experiment->training;
      how.own = own_spec(*experiment, entry, arguments[2]);
    }
    std::printf("plugin\t%s\t%s\n", how.context.subject.c_str(), entry.summary.c_str());
    Report report([](const Report::Line& line) {
      std::printf("%s\t%s\t%s\n", word_of(line.kind), line.check.c_str(), line.text.c_str());
      std::fflush(stdout);
    });
    try {
      examine(entry, how, report);
    } catch (const std::exception& fault) {
      report.fault("exceptions", std::string("it threw: ") + fault.what());
    }
    faults += report.faults();
  }
  std::printf("end\n");
  return faults == 0 ? 0 : 1;
}

}  // namespace gibbsite
