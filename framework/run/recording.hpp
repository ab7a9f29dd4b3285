// The draws of the sample stage: buffered in memory, closed into segments, read back.
#pragma once

#include <filesystem>
#include <vector>

#include "gibbsite/io/checkpoint.hpp"
#include "gibbsite/io/hdf5.hpp"
#include "gibbsite/run/experiment.hpp"

namespace gibbsite {

/// How configurations of a domain are stored: floats for real coordinates, uint8 for binary and
/// categorical ones, int8 for spins.
Stored stored_type(const Domain& domain);

/// The file of a closed piece of the record: `folder/segments/000001.h5`, or `000001.2.h5` where
/// the second attempt at the cell wrote it, so that one that lost the cell spoils nothing.
std::filesystem::path segment_file(const std::filesystem::path& folder, std::size_t number,
                                   int attempt = 0);

/// What is recorded of each chain.
struct RecordLayout {
  Index chains = 0;
  Index dim = 0;  ///< of the whole configuration; 0 where x is not kept
  Stored type = Stored::float64;
  bool compress = false;
  std::vector<Statistic> statistics;  ///< energy, lp, then the kernel's own
};

/// The layout a built experiment asks for.
RecordLayout record_layout(const Experiment& experiment);

/// Draws of the phases warm-up and sampling that are not yet in a segment. Chains append to
/// buffers of their own, so blocks may run in parallel.
class DrawBuffer {
 public:
  explicit DrawBuffer(RecordLayout layout);
  /// Appends one draw of chain `first + c` for each column c.
  void append(Index first, const BatchView& x, const Table& statistics);
  Index rows() const;
  std::size_t bytes() const;
  /// Writes a segment of all rows, complete under its name but not yet durable, and empties the
  /// buffer.
  void close(const std::filesystem::path& file, const std::string& posterior,
             const std::string& stats);

 private:
  RecordLayout layout_;
  std::vector<std::vector<char>> x_;                          // per chain
  std::vector<std::vector<std::vector<double>>> statistics_;  // per chain and statistic
};

/// The closed segments of one phase as one array of draws.
class SegmentDraws final : public Draws {
 public:
  SegmentDraws(std::filesystem::path folder, RecordLayout layout, std::vector<Segment> segments,
               std::string posterior, std::string stats);
  Index chains() const override { return layout_.chains; }
  Index draws() const override { return draws_; }
  Index dim() const override { return layout_.dim; }
  std::vector<Eigen::ArrayXXd> coordinates(Index first, Index count) const override;
  Eigen::ArrayXXd energy() const override;
  /// Copies everything into the groups of a results file; `steps(k)` is the coordinate of draw k.
  void copy_to(Hdf5Writer& file, const std::vector<double>& steps) const;

 private:
  template <class Visit>
  void each_segment(Visit visit) const;

  std::filesystem::path folder_;
  RecordLayout layout_;
  std::vector<Segment> segments_;
  std::string posterior_, stats_;
  Index draws_ = 0;
};

}  // namespace gibbsite
