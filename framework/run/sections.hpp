// The declared parameters of the spec's own sections; those of plugins are in the plugins.
#pragma once

#include "gibbsite/api/fields.hpp"

namespace gibbsite {

/// What any model takes beside its own parameters.
struct ModelParams {
  double temperature = 1;
  std::string parameters;
  void fields(Fields& f);
};

/// The `train` section.
struct TrainParams {
  PluginSpec gradient;
  PluginSpec optimizer{"adam", {}};
  Index batch = 100;
  std::optional<Index> epochs, updates;
  std::optional<double> budget;
  Index record_every = 1;
  std::optional<double> average;
  void fields(Fields& f);
};

/// An entry of `train.pretrain`; what it leaves out is that of the train section.
struct PretrainParams {
  PluginSpec gradient;
  PluginSpec optimizer{"adam", {}};
  Index batch = 100;
  std::optional<Index> epochs, updates;
  Index record_every = 1;
  void fields(Fields& f);
};

/// `train.regularization`, without `sparsity`.
struct RegularizationParams {
  double l1 = 0, l2 = 0, spectral = 0;
  std::vector<std::string> blocks;
  void fields(Fields& f);
};

/// `train.regularization.sparsity`.
struct SparsityParams {
  double target = 0, rate = 0, decay = 0.9;
  void fields(Fields& f);
};

/// `train.centring`.
struct CentringParams {
  std::string means = "average";
  double decay = 0.99;
  void fields(Fields& f);
};

/// `train.clip`: one of the two.
struct ClipParams {
  std::optional<double> norm, value;
  void fields(Fields& f);
};

/// What an entry of `train.evaluate` takes beside what any evaluation does.
struct ScheduledParams {
  Index every = 0;
  void fields(Fields& f);
};

/// `train.stop`.
struct StopParams {
  std::string metric;
  std::string mode = "max";
  std::optional<Index> patience;
  void fields(Fields& f);
};

/// `train.on_divergence`.
struct DivergenceParams {
  Index retries = 3;
  std::optional<double> rate_factor, energy_gap;
  std::optional<Index> snapshot_every;
  void fields(Fields& f);
};

/// The `sample` section, without `init` and `clamp`.
struct SampleParams {
  PluginSpec sampler;
  Index chains = 4, warmup = 500, draws = 1000, thin = 1;
  std::vector<std::string> record = {"x", "energy"};
  bool save_warmup = false, compress = false;
  void fields(Fields& f);
};

/// `sample.init`.
struct InitParams {
  std::string from = "noise";
  std::optional<double> value;
  std::string path;
  void fields(Fields& f);
};

/// `sample.clamp`.
struct ClampParams {
  std::vector<Index> coordinates;
  std::vector<double> values;
  std::optional<Index> row;
  void fields(Fields& f);
};

/// What any evaluation takes beside its own parameters.
struct EvaluationParams {
  std::string label;
  void fields(Fields& f);
};

/// The `checkpoint` section.
struct CheckpointParams {
  double every = 60;
  void fields(Fields& f);
};

/// The fields that the host adds to every plugin of a kind.
void common_fields(Kind kind, Fields& fields);

}  // namespace gibbsite
