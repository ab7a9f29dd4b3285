// HDF5 files that netCDF-4 readers (xarray, ArviZ, R, Julia, MATLAB) open as they are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gibbsite {

/// The element type of a stored dataset.
enum class Stored { float32, float64, int8, uint8, int32, int64, boolean };

/// The value of an attribute.
using AttributeValue =
    std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;

/// A results file being written. Every dataset of a group carries a dimension scale on every axis;
/// creation orders are tracked; chunks are checksummed. All failures throw StorageError, and the
/// destructor removes a file that was not finished.
class Hdf5Writer {
 public:
  /// Creates `path`, which must not exist. Libraries' file locks are not relied on.
  explicit Hdf5Writer(const std::filesystem::path& path);
  ~Hdf5Writer();
  Hdf5Writer(const Hdf5Writer&) = delete;
  Hdf5Writer& operator=(const Hdf5Writer&) = delete;

  /// Makes a group and its parents, if they are not there.
  void group(const std::string& path);
  /// A dimension of `group` with its coordinate values.
  void dimension(const std::string& group, const std::string& name,
                 const std::vector<double>& coordinates, bool integer = true);
  void dimension(const std::string& group, const std::string& name,
                 const std::vector<std::string>& coordinates);
  bool has_dimension(const std::string& group, const std::string& name) const;

  /// A dataset over dimensions of its group (none: a scalar), to be filled by `write`. In chunks of
  /// at most `chunk` elements along each axis (none: chunks of about 1 MiB).
  void create(const std::string& group, const std::string& name, Stored type,
              const std::vector<std::string>& dimensions, bool compress = false,
              const std::vector<std::size_t>& chunk = {});
  /// Fills the block at `offset` of `count` elements per axis with row-major values in the
  /// dataset's stored type.
  void write(const std::string& group, const std::string& name,
             const std::vector<std::size_t>& offset, const std::vector<std::size_t>& count,
             const void* values);
  /// Creates and fills a dataset from doubles.
  void put(const std::string& group, const std::string& name, Stored type,
           const std::vector<std::string>& dimensions, const std::vector<double>& values);
  /// A dataset of texts over one dimension.
  void put_texts(const std::string& group, const std::string& name, const std::string& dimension,
                 const std::vector<std::string>& values);
  /// HDF5's identifier of a dataset, which stays this file's.
  std::int64_t dataset(const std::string& path) const;
  /// An attribute of a group or dataset; the path "/" is the file.
  void attribute(const std::string& path, const std::string& name, const AttributeValue& value);

  /// Flushes and closes the file under the name that it has; throws StorageError where not
  /// everything could be written. It is durable when it is published.
  void close();
  /// Closes the file and publishes it under `name` (see publish_file).
  void finish(const std::filesystem::path& name);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// A file being read, or one group of it: `file.h5:/group` is read as if it were a file. Throws
/// StorageError for a file that is no HDF5 or is damaged.
class Hdf5Reader {
 public:
  explicit Hdf5Reader(const std::filesystem::path& path);
  ~Hdf5Reader();
  Hdf5Reader(const Hdf5Reader&) = delete;
  Hdf5Reader& operator=(const Hdf5Reader&) = delete;

  bool has(const std::string& path) const;
  /// The names of what a group holds, in alphabetical order; none where it is missing.
  std::vector<std::string> names(const std::string& group) const;
  /// HDF5's identifier of a dataset, the caller's to close.
  std::int64_t open(const std::string& path) const;
  /// The extents of a dataset.
  std::vector<std::size_t> shape(const std::string& path) const;
  /// Whether a dataset holds floating-point numbers.
  bool is_floating(const std::string& path) const;
  /// A whole dataset, row-major, as doubles.
  std::vector<double> read(const std::string& path) const;
  /// A block of a dataset as doubles.
  std::vector<double> read(const std::string& path, const std::vector<std::size_t>& offset,
                           const std::vector<std::size_t>& count) const;
  /// A block of a dataset in its stored type.
  std::vector<char> read_raw(const std::string& path, const std::vector<std::size_t>& offset,
                             const std::vector<std::size_t>& count, Stored type) const;
  /// A dataset of texts.
  std::vector<std::string> read_texts(const std::string& path) const;
  /// A true or false attribute; nothing where there is none.
  std::optional<bool> boolean_attribute(const std::string& path, const std::string& name) const;
  /// A text attribute; empty where there is none.
  std::string text_attribute(const std::string& path, const std::string& name) const;
  /// An attribute of several texts; none where there is none.
  std::vector<std::string> texts_attribute(const std::string& path, const std::string& name) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Copies whole results files (or groups, `file.h5:/group`) bit by bit into new groups of `file`,
/// which Hdf5Writer has made and nobody has open, and flushes it. Dimensions stay unique in the
/// file.
void copy_results(const std::filesystem::path& file,
                  const std::vector<std::pair<std::filesystem::path, std::string>>& sources);

/// Bytes per element.
std::size_t size_of(Stored type);

}  // namespace gibbsite
