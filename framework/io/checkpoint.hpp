// What a cell needs to go on after a kill: plain values in a checksummed envelope
// (Boost.Serialization inside, in one .cpp).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "gibbsite/api/evaluation.hpp"
#include "gibbsite/api/optimizer.hpp"

namespace gibbsite {

/// Evaluations and seconds spent in one stage.
struct StageCost {
  Evaluations evaluations;
  double seconds = 0;
};

/// A closed piece of the record of draws.
struct Segment {
  Index rows = 0;   ///< per chain
  int attempt = 0;  ///< which attempt at the cell wrote it; part of its file's name
  bool operator==(const Segment&) const = default;
};

/// What training changes from update to update.
struct Training {
  std::uint64_t update = 0;  ///< updates made
  Parameters theta;
  Slots slots;
  Saved gradient;
  Parameters average;         ///< running mean of θ; empty where none is kept
  Parameters activity;        ///< running mean of hidden units; empty where none is kept
  Parameters centre;          ///< offsets of centred units; empty where there are none
  std::uint64_t clipped = 0;  ///< updates with a clipped gradient
  Parameters best;            ///< the parameters of the best evaluation so far; empty at first
  double best_value = 0;
  std::uint64_t best_update = 0;
  Index not_better = 0;  ///< evaluations since then
};

/// Where the training of a model's parts is.
struct Pretraining {
  Index part = 0;            ///< parts that have learnt
  Parameters whole;          ///< θ of the whole model with what these have; empty before the first
  std::uint64_t update = 0;  ///< updates made of the part under way
  Parameters theta;          ///< of the part under way; empty before its first update
  Slots slots;
  Saved gradient;
  std::vector<double> rows;  ///< recorded rows of /pretraining, one after the other
};

/// The headline numbers of an evaluation during training.
struct ScheduledResult {
  std::uint64_t update = 0;
  std::string label;
  std::vector<std::pair<std::string, double>> headline;
};

/// A return of training to its last snapshot.
struct Rollback {
  std::uint64_t update = 0;   ///< the update that failed
  std::uint64_t restart = 0;  ///< updates made at the snapshot
  double learning_rate = 0;   ///< of the first update after it
  std::string reason;
};

/// The whole state of a running cell. Every stage starts where `stage` and its position say.
struct Checkpoint {
  enum class Stage : int { train, sample, evaluate, done };
  std::string cell;       ///< the cell's id; another cell's checkpoint is refused
  std::string precision;  ///< single or double
  Stage stage = Stage::train;
  double seconds = 0;                                        ///< spent by earlier attempts
  std::vector<std::pair<std::string, std::string>> made_by;  ///< see run/makers.hpp
  std::vector<std::string> attempts;                         ///< when, where and by what each began
  std::vector<StageCost> costs = std::vector<StageCost>(4);

  Pretraining pretraining;
  Training training;
  Training snapshot;                  ///< the last good one; its θ is empty where none is kept
  std::vector<double> training_rows;  ///< recorded rows of /training, one after the other
  std::vector<ScheduledResult> scheduled;
  std::vector<Rollback> rollbacks;
  std::string divergence;  ///< why training stopped, if it did

  std::vector<Chains> chains;
  Index steps = 0;                ///< transitions made, warm-up included
  std::vector<Segment> segments;  ///< closed, in order

  std::vector<Result> results;  ///< of the finished evaluations
  Saved evaluation;             ///< of the one under way
};

/// A checkpoint as bytes.
std::string packed_checkpoint(const Checkpoint& checkpoint);
/// Writes these, with their checksum, to `<folder>/checkpoint.bin` durably and keeps the one before
/// as checkpoint.previous.bin.
void write_checkpoint(const std::filesystem::path& folder, const std::string& packed);
void write_checkpoint(const std::filesystem::path& folder, const Checkpoint& checkpoint);

/// What a folder's checkpoints hold.
struct FoundCheckpoint {
  std::optional<Checkpoint> checkpoint;
  std::string warning;  ///< why the newest was not used, if so
};

/// The newest sound checkpoint of `cell`, the previous one where the newest is damaged. Throws
/// StorageError where there are checkpoints but none can be used: nothing is started afresh
/// silently.
FoundCheckpoint read_checkpoint(const std::filesystem::path& folder, const std::string& cell);

}  // namespace gibbsite
