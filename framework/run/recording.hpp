// The draws of the sample stage: buffered in memory, closed into segments, read back.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "gibbsite/io/checkpoint.hpp"
#include "gibbsite/io/hdf5.hpp"
#include "gibbsite/run/experiment.hpp"

namespace gibbsite {

/// How configurations of a domain are stored: floats for real coordinates, uint8 for binary and
/// categorical ones, int8 for spins.
Stored stored_type(const Domain& domain);

/// How a statistic is stored.
Stored stored_type(Statistic::Type type);

/// The file of a closed piece of the record: `folder/segments/000001.h5`, or `000001.2.h5` where
/// the second attempt at the cell wrote it, so that one that lost the cell spoils nothing.
std::filesystem::path segment_file(const std::filesystem::path& folder, std::size_t number,
                                   int attempt = 0);

/// What is recorded of each chain.
struct RecordLayout {
  Index chains = 0;
  Index dim = 0;    ///< of the whole configuration; 0 where x is not kept
  Index draws = 0;  ///< of a chain after warm-up; 0 where that is not known
  Stored type = Stored::float64;
  bool compress = false;
  std::vector<Statistic> statistics;  ///< energy, lp, then the kernel's own
};

/// The layout a built experiment asks for.
RecordLayout record_layout(const Experiment& experiment);

/// How a record is cut along its draws: the same in segments and in results, so that chunks of the
/// ones can be copied into the others as they are. Chunks have about 1 MiB.
struct RecordCut {
  Index rows = 1;       ///< of a chunk of x; they divide the draws where that is possible
  Index long_rows = 1;  ///< of a chunk of a statistic, a multiple of `rows`
  Index block = 1;      ///< of a whole segment, a multiple of `long_rows`: some 32 MiB, all chains
  Index coordinates = 1;  ///< of a chunk of x
};
RecordCut record_cut(const RecordLayout& layout);

/// Creates the datasets of one phase with all their dimensions; `steps` are the coordinates of its
/// draws.
void create_record(Hdf5Writer& file, const RecordLayout& layout, const std::string& posterior,
                   const std::string& stats, const std::vector<double>& steps);

/// Draws of one phase, warm-up or sampling, that are not yet in a segment: a block at most. Chains
/// append to rows of their own, so they may run in parallel.
class DrawBuffer {
 public:
  explicit DrawBuffer(RecordLayout layout);
  /// Appends one draw of chain `first + c` for each column c.
  void append(Index first, const BatchView& x, const Table& statistics);
  Index rows() const { return rows_[0]; }
  /// Writes a segment of all rows, complete under its name but not yet durable.
  void write(const std::filesystem::path& file, const std::string& posterior,
             const std::string& stats) const;

 private:
  RecordLayout layout_;
  std::size_t capacity_;                             // rows
  std::vector<Index> rows_;                          // per chain
  std::unique_ptr<char[]> x_;                        // (chain, row, x)
  std::vector<std::unique_ptr<char[]>> statistics_;  // (chain, row) of each
};

/// The closed segments of one phase as one array of draws.
class SegmentDraws final : public Draws {
 public:
  SegmentDraws(const std::filesystem::path& folder, RecordLayout layout,
               const std::vector<Segment>& segments, std::string posterior, std::string stats);
  Index chains() const override { return layout_.chains; }
  Index draws() const override { return draws_; }
  Index dim() const override { return layout_.dim; }
  std::vector<Eigen::ArrayXXd> coordinates(Index first, Index count) const override;
  Eigen::ArrayXXd energy() const override;
  /// Copies everything into the groups of a results file; `steps(k)` is the coordinate of draw k.
  void copy_to(Hdf5Writer& file, const std::vector<double>& steps) const;

 private:
  struct Part {
    std::filesystem::path file;
    Index first, rows;
  };
  template <class Visit>
  void each_part(Visit visit) const;

  RecordLayout layout_;
  std::vector<Part> parts_;
  std::string posterior_, stats_;
  Index draws_ = 0;
};

}  // namespace gibbsite
