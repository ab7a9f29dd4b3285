// One cell, read strictly and built: data, model and the stages that follow.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gibbsite/api/completion.hpp"
#include "gibbsite/api/compose.hpp"
#include "gibbsite/run/data.hpp"
#include "gibbsite/run/sample_section.hpp"
#include "gibbsite/run/train_section.hpp"

namespace gibbsite {

/// A cell ready to run. Its parts point to each other, so it stays where it is.
struct Experiment {
  Node resolved;   ///< the whole spec with every default
  std::string id;  ///< 12 hex digits, see cell_id
  std::string name;
  std::uint64_t seed = 1;
  double temperature = 1;
  double checkpoint_every = 60;  ///< seconds
  std::shared_ptr<Data> data;    ///< null without a data section
  std::unique_ptr<EnergyModel> own_model;
  std::unique_ptr<WeightedSum> tempered;  ///< where temperature is not 1
  EnergyModel* model = nullptr;           ///< what samplers and estimators see: E/T
  /// Where data cover a model's observed coordinates alone: whole configurations drawn from them.
  std::unique_ptr<CompletedData> completed_train, completed_test;
  const Dataset* training = nullptr;  ///< what the stages see of the data; null without them
  std::unique_ptr<TrainStage> train;
  std::unique_ptr<SampleStage> sample;
  std::vector<EvaluateStage> evaluate;
};

/// Data sets that cells of one grid share while they are checked.
using DataCache = std::map<std::string, std::shared_ptr<Data>>;

/// Reads and builds one cell; all faults are collected. Returns null where there were any.
std::unique_ptr<Experiment> build_experiment(const Node& spec, Registry& registry,
                                             const Workers& workers, DataCache& cache,
                                             Faults& faults);

/// The identity of a resolved cell: a hash of its canonical form, in which keys are sorted, files
/// and plugins stand for their content, and name, description and checkpoint are left out.
std::string cell_id(const Node& resolved);

/// The path a scalar of the spec means: a relative one starts at the folder of the file it stands
/// in (on the command line, at the present folder).
std::string absolute_file(const Node& item);

/// Sets the parameters of `model` from `file.h5[:/group]`, datasets named as its blocks. Throws
/// Error where a block is missing or has another shape.
void load_parameters(const std::string& source, EnergyModel& model);

}  // namespace gibbsite
