#include "gibbsite/run/sections.hpp"

#include "gibbsite/run/data.hpp"

namespace gibbsite {

void ModelParams::fields(Fields& f) {
  f.positive("temperature", temperature, "T in p(x) = exp(-E(x)/T)/Z; of latent models in p(v, h)");
  f.file("parameters", parameters, "start from stored parameters: file.h5[:/group]",
         {.unset = "the model's own start"});
}

void TrainParams::fields(Fields& f) {
  f.plugin("gradient", gradient, Kind::gradient,
           "estimator of the gradient of the mean log-likelihood", {.required = true});
  f.plugin("optimizer", optimizer, Kind::optimizer, "update rule");
  f.count("batch", batch, "observations per update, without replacement within an epoch");
  f.integer("epochs", epochs, "passes over the training data",
            {.minimum = 0, .maximum = 1e9, .unset = "see updates"});
  f.integer("updates", updates, "updates in all, instead of epochs",
            {.minimum = 0, .maximum = 1e12, .unset = "see epochs"});
  f.real(
      "budget", budget,
      "end earlier, at the first update by which training has made so many evaluations: energies, "
      "gradients, parameter gradients and sweeps (site updates over the model's dimension)",
      {.minimum = 0, .above_minimum = true, .unset = "no bound"});
  f.count("record_every", record_every, "updates between rows of /training");
  f.real("average", average,
         "share kept of a running mean of the parameters, which later stages then use; 1: the mean "
         "of all updates",
         {.minimum = 0, .maximum = 1, .above_minimum = true, .unset = "none"});
}

void PretrainParams::fields(Fields& f) {
  f.plugin("gradient", gradient, Kind::gradient,
           "estimator of the gradient of the part's mean log-likelihood; as all of these the train "
           "section's own unless given");
  f.plugin("optimizer", optimizer, Kind::optimizer, "update rule, from its first step");
  f.count("batch", batch, "observations per update, without replacement within an epoch");
  f.integer("epochs", epochs, "passes over the training data",
            {.minimum = 0, .maximum = 1e9, .unset = "see updates"});
  f.integer("updates", updates, "updates of this part, instead of epochs",
            {.minimum = 0, .maximum = 1e12, .unset = "see epochs"});
  f.count("record_every", record_every, "updates between rows of /pretraining");
}

void RegularizationParams::fields(Fields& f) {
  f.real("l1", l1, "rate λ of a penalty λ|θ|₁", {.minimum = 0});
  f.real("l2", l2, "rate λ of a penalty λ|θ|²/2", {.minimum = 0});
  f.real("spectral", spectral,
         "rate λ of a penalty λ Σ σ(W)²/2, σ the largest singular value of each matrix of weights",
         {.minimum = 0});
  f.texts("blocks", blocks,
          "the parameters that l1, l2 and spectral act on, by the names of their blocks",
          {.unset = "weights, no biases"});
}

void SparsityParams::fields(Fields& f) {
  f.real("target", target, "share of the data for which a hidden unit should be on; in (0, 1)",
         {.minimum = 0, .maximum = 1, .above_minimum = true, .required = true});
  f.real("rate", rate, "weight of the penalty",
         {.minimum = 0, .above_minimum = true, .required = true});
  f.real("decay", decay, "share kept of the running mean of what units do; < 1",
         {.minimum = 0, .maximum = 1});
}

void CentringParams::fields(Fields& f) {
  f.choice("means", means, {"data", "model", "average"},
           "offsets of the units: their means under the data, the model, or half of each");
  f.real("decay", decay, "share kept of the running means at every update; < 1",
         {.minimum = 0, .maximum = 1});
}

void ClipParams::fields(Fields& f) {
  const Rule positive{.minimum = 0, .above_minimum = true, .unset = "none"};
  f.real("norm", norm, "longest gradient; a longer one is scaled down", positive);
  f.real("value", value, "largest entry of a gradient; a larger one is cut", positive);
}

void ScheduledParams::fields(Fields& f) {
  f.integer("every", every, "updates between two evaluations", {.minimum = 1, .required = true});
}

void StopParams::fields(Fields& f) {
  f.text("metric", metric, "label.number of a scheduled evaluation, by which the best is kept",
         {.required = true});
  f.choice("mode", mode, {"max", "min"}, "whether the largest or the smallest is best");
  f.integer("patience", patience, "evaluations without a better one after which training ends",
            {.minimum = 1, .unset = "no early end: the best parameters are kept"});
}

void DivergenceParams::fields(Fields& f) {
  f.integer("retries", retries, "returns to a snapshot before the cell ends as diverged",
            {.minimum = 0, .maximum = 1e6});
  f.real("rate_factor", rate_factor, "factor of the learning rate at every return",
         {.minimum = 0, .maximum = 1, .above_minimum = true, .unset = "0.5"});
  f.real("energy_gap", energy_gap, "largest size of the energy gap; beyond it training diverges",
         {.minimum = 0, .above_minimum = true, .unset = "none"});
  f.integer("snapshot_every", snapshot_every, "updates between snapshots",
            {.minimum = 1, .unset = "100"});
}

void SampleParams::fields(Fields& f) {
  f.plugin("sampler", sampler, Kind::sampler, "Markov kernel; default: the model's natural one");
  f.integer("chains", chains, "independent chains", {.minimum = 1, .maximum = 1e7});
  f.integer("warmup", warmup, "steps before the first kept draw, in which kernels adapt",
            {.minimum = 0, .maximum = 1e12});
  f.integer("draws", draws, "kept draws per chain", {.minimum = 1, .maximum = 1e10});
  f.integer("thin", thin, "steps per kept draw", {.minimum = 1, .maximum = 1e9});
  f.visit({.name = "record", .documentation = "what is kept per draw", .choices = {"x", "energy"}},
          &record);
  f.flag("save_warmup", save_warmup, "keep warm-up draws, thinned alike, in groups of their own");
  f.flag("compress", compress, "deflate real-valued draws too (slow, saves about 14 %)");
}

void InitParams::fields(Fields& f) {
  f.choice("from", from, {"noise", "data", "model", "file", "value"},
           "start of the chains: noise (fair coins, N(0, 1)), random training data (`data` beside "
           "it: of another data section), exact draws of the model, the last draws of an earlier "
           "run, or one value everywhere");
  f.real("value", value, "the value, for from: value", {.unset = "none"});
  f.file("path", path,
         "for from: file: a results file, or a .csv file with a configuration per line",
         {.unset = "none"});
}

void ClampParams::fields(Fields& f) {
  f.integers("coordinates", coordinates, "coordinates held fixed, from 0",
             {.minimum = 0, .required = true});
  f.reals("values", values, "their values");
  f.integer("row", row, "take the values of this training observation instead",
            {.minimum = 0, .unset = "none"});
}

void EvaluationParams::fields(Fields& f) {
  f.text("label", label, "name of its group in the results", {.unset = "the evaluation's name"});
}

void CheckpointParams::fields(Fields& f) {
  f.positive("every", every, "seconds between checkpoints");
}

void common_fields(Kind kind, Fields& fields) {
  if (kind == Kind::dataset) Preparation().fields(fields);
  if (kind == Kind::model) ModelParams().fields(fields);
  if (kind == Kind::evaluation) EvaluationParams().fields(fields);
}

}  // namespace gibbsite
