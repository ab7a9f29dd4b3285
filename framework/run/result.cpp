#include "gibbsite/run/result.hpp"

#include <cmath>
#include <numeric>
#include <set>

#include "gibbsite/api/stamp.hpp"
#include "gibbsite/core/kernels.hpp"
#include "gibbsite/io/files.hpp"
#include "gibbsite/io/loader.hpp"
#include "gibbsite/io/provenance.hpp"
#include "gibbsite/io/yaml.hpp"
#include "gibbsite/run/pretrain_record.hpp"
#include "gibbsite/run/training_record.hpp"

namespace gibbsite {
namespace {

std::vector<double> count_up(std::size_t n) {
  std::vector<double> out(n);
  std::iota(out.begin(), out.end(), 0.0);
  return out;
}

std::vector<std::string> plugin_lines(const Registry& registry) {
  std::vector<std::string> lines;
  for (const Entry& entry : registry.entries()) {
    const std::string source = source_of_module(entry.module);
    lines.push_back(std::string(kind_name(entry.kind)) + " " + entry.name +
                    " " GIBBSITE_VERSION " " + sha256_of_file(entry.module) +
                    (source.empty() ? "" : " source " + source));
  }
  return lines;
}

void write_root(Hdf5Writer& file, const Session& session, const Registry& registry,
                const Outcome& outcome) {
  const Experiment& e = session.experiment;
  const auto set = [&](const char* name, const AttributeValue& value) {
    file.attribute("/", name, value);
  };
  set("gibbsite_format", std::int64_t{1});
  set("name", e.name);
  set("cell", e.id);
  set("spec", to_yaml(e.resolved));
  set("status", outcome.status);
  if (!outcome.error.empty()) set("error", outcome.error);
  set("seed", std::to_string(e.seed));  // as text: netCDF readers have no unsigned 64-bit attribute
  set("precision", std::string(GIBBSITE_STAMP_PRECISION));
  set("energy_sign", std::string("p(x) = exp(-E(x)/T)/Z"));
  set("temperature", e.temperature);
  set("gradient_direction", std::string("d(mean log-likelihood)/dtheta"));
  if (e.sample) set("stationary_exact", e.sample->sampler->is_exact());
  set("creation_library", std::string("gibbsite"));
  set("creation_library_version", std::string(GIBBSITE_VERSION));
  set("inference_library", std::string("gibbsite"));
  set("inference_library_version", std::string(GIBBSITE_VERSION));
  set("git_commit", git_commit());
  set("git_dirty", git_dirty());
  set("plugins", plugin_lines(registry));
  set("stamp", std::string(GIBBSITE_STAMP));
  set("compiler", compiler());
  set("compiler_flags", compiler_flags());
  set("instruction_set", std::string(instruction_set()));
  set("cpu_features", cpu_features());
  set("host", host_name());
  set("threads", std::int64_t{session.workers.threads()});
  if (!scheduler_ids().empty()) set("scheduler", scheduler_ids());
  const std::vector<std::string>& attempts = session.state.attempts;
  if (!attempts.empty()) set("started", attempts[0].substr(0, attempts[0].find(' ')));
  set("finished", utc_now());
  set("attempts", attempts);
  set("seconds", outcome.seconds);
}

void write_blocks(Hdf5Writer& file, const std::string& group, const Parametric& parametric,
                  const Parameters& theta) {
  Index first = 0;
  for (const ParameterBlock& block : parametric.blocks()) {
    for (std::size_t axis = 0; axis < block.dimensions.size(); ++axis)
      if (!file.has_dimension(group, block.dimensions[axis]))
        file.dimension(group, block.dimensions[axis], count_up(std::size_t(block.shape[axis])));
    file.put(group, block.name, Stored::float64, block.dimensions,
             {theta.data() + first, theta.data() + first + block.size()});
    first += block.size();
  }
}

// Where later stages use a running mean or the best parameters, those of the last update are kept
// beside them.
void write_parameters(Hdf5Writer& file, const Session& session) {
  const Experiment& experiment = session.experiment;
  const auto* parametric = experiment.own_model->capability<Parametric>();
  if (parametric == nullptr) return;
  write_blocks(file, "/parameters", *parametric, parametric->parameters());
  const Training& training = session.state.training;
  if (experiment.train && (experiment.train->average || experiment.train->stop) &&
      training.theta.size() > 0)
    write_blocks(file, "/last_parameters", *parametric, training.theta);
}

Stored stored_type(Variable::Type type) {
  switch (type) {
    case Variable::Type::integer:
      return Stored::int64;
    case Variable::Type::boolean:
      return Stored::boolean;
    case Variable::Type::real:
      break;
  }
  return Stored::float64;
}

bool whole(const std::vector<double>& values) {
  for (const double value : values)
    if (value != std::floor(value)) return false;
  return true;
}

void write_one(Hdf5Writer& file, const std::string& label, const std::string& name,
               const Result& result, const EnergyModel& model) {
  const std::string group = "/" + result.group + "/" + label;
  file.group(group);
  for (const Variable& variable : result.variables) {
    for (std::size_t axis = 0; axis < variable.dimensions.size(); ++axis) {
      const std::string& dimension = variable.dimensions[axis];
      if (file.has_dimension(group, dimension)) continue;
      const auto given = result.coordinates.find(dimension);
      const auto values = given == result.coordinates.end()
                              ? count_up(std::size_t(variable.shape[axis]))
                              : given->second;
      file.dimension(group, dimension, values, whole(values));
    }
    // A variable named as its dimension is the coordinate itself and is there already.
    if (!file.has_dimension(group, variable.name))
      file.put(group, variable.name, stored_type(variable.type), variable.dimensions,
               variable.values);
  }
  file.attribute(group, "evaluation", name);
  for (const auto& [key, value] : result.attributes)
    std::visit([&, &key = key](const auto& v) { file.attribute(group, key, v); }, value);
  if (result.group == "gradients") {
    std::vector<std::string> blocks;
    Index first = 0;
    for (const ParameterBlock& block : model.capability<Parametric>()->blocks()) {
      blocks.push_back(block.name + " " + std::to_string(first) + " " +
                       std::to_string(first + block.size()));
      first += block.size();
    }
    file.attribute(group, "blocks", join(blocks));
  }
}

void write_cost(Hdf5Writer& file, const Checkpoint& state, double seconds) {
  const std::vector<std::string> stages = {"train", "sample", "evaluate"};
  file.dimension("/cost", "stage", stages);
  const auto put = [&](const char* name, Stored type, auto value) {
    std::vector<double> values;
    for (std::size_t k = 0; k < stages.size(); ++k) values.push_back(double(value(state.costs[k])));
    file.put("/cost", name, type, {"stage"}, values);
  };
  put("energy_evaluations", Stored::int64, [](const StageCost& c) { return c.evaluations.energy; });
  put("gradient_evaluations", Stored::int64,
      [](const StageCost& c) { return c.evaluations.gradient; });
  put("parameter_gradient_evaluations", Stored::int64,
      [](const StageCost& c) { return c.evaluations.parameter_gradient; });
  put("site_updates", Stored::int64, [](const StageCost& c) { return c.evaluations.site_updates; });
  put("seconds", Stored::float64, [](const StageCost& c) { return c.seconds; });
  file.put("/cost", "total_seconds", Stored::float64, {}, {seconds});
  file.put("/cost", "peak_memory", Stored::float64, {}, {peak_memory()});
  file.attribute("/cost/peak_memory", "units", std::string("byte"));
}

// Draw k of a thinned run is the chain's state after this many further steps.
std::vector<double> draw_steps(Index draws, Index thin) {
  std::vector<double> steps;
  for (Index k = 0; k < draws; ++k) steps.push_back(double((k + 1) * thin - 1));
  return steps;
}

void fill(Hdf5Writer& file, const Session& session, const Registry& registry,
          const Outcome& outcome) {
  const Experiment& experiment = session.experiment;
  const Checkpoint& state = session.state;
  write_root(file, session, registry, outcome);
  if (experiment.sample && !state.segments.empty()) {
    const SampleStage& stage = *experiment.sample;
    const RecordLayout layout = record_layout(experiment);
    const SegmentDraws draws(session.folder, layout, state.segments, "posterior", "sample_stats");
    draws.copy_to(file, draw_steps(draws.draws(), stage.params.thin));
    if (stage.params.save_warmup) {
      const SegmentDraws warm(session.folder, layout, state.segments, "warmup_posterior",
                              "warmup_sample_stats");
      warm.copy_to(file, draw_steps(warm.draws(), stage.params.thin));
    }
  }
  if (experiment.train) write_pretraining(file, session);
  if (experiment.train) write_training(file, session);
  write_parameters(file, session);
  for (std::size_t k = 0; k < state.results.size(); ++k)
    write_one(file, experiment.evaluate[k].label, experiment.evaluate[k].name, state.results[k],
              *experiment.own_model);
  write_cost(file, state, outcome.seconds);
}

}  // namespace

bool write_result(const Session& session, const Registry& registry, const Outcome& outcome) {
  const std::filesystem::path& folder = session.folder;
  const std::filesystem::path beside =
      folder / ("result.h5.tmp." + std::to_string(session.attempt));
  std::filesystem::remove(beside);
  Hdf5Writer file(beside);
  fill(file, session, registry, outcome);
  file.close();
  std::filesystem::path status;
  try {
    status = write_beside(folder / "status.yaml", status_text(outcome));
    sync_files({beside, status, folder / "cell.yaml"});
    rename_file(status, folder / "status.yaml");
    return publish_first(beside, folder / "result.h5");
  } catch (const StorageError&) {
    // On a full disk what cannot be finished makes room.
    std::error_code ignored;
    for (const auto& part : {beside, status}) std::filesystem::remove(part, ignored);
    throw;
  }
}

std::vector<std::pair<std::string, double>> headline_of(const Session& session) {
  std::vector<std::pair<std::string, double>> headline;
  for (std::size_t k = 0; k < session.state.results.size(); ++k)
    for (const auto& [name, value] : session.state.results[k].headline)
      headline.emplace_back(session.experiment.evaluate[k].label + "." + name, value);
  return headline;
}

}  // namespace gibbsite
