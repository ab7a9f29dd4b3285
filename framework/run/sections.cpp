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
  f.count("record_every", record_every, "updates between rows of /training");
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
           "start of the chains: noise (fair coins, N(0, 1)), random training data, exact draws of "
           "the model, the last draws of an earlier run, or one value everywhere");
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
