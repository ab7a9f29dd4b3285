// Whole chunks of datasets, past the library's filters and its cache.
#pragma once

#include <cstdint>

#include "gibbsite/io/hdf5.hpp"

namespace gibbsite {

/// Rows of every chain, (chain, row, ...) with the rows of a chain one after the other.
struct ChainRows {
  const char* data = nullptr;
  std::size_t stride = 0;  ///< bytes from a chain to the next
  std::size_t first = 0;   ///< the row of the dataset that the first one here is
  std::size_t rows = 0;
};

/// Writes rows of all chains of a dataset (chain, row) or (chain, row, x) that Hdf5Writer has made
/// in chunks: whole chunks of rows from the beginning of one, or as many as are left. They are
/// packed where the dataset says so.
void write_rows(Hdf5Writer& file, const std::string& path, const ChainRows& rows);

/// Copies a dataset of `from` to the rows of the same dataset of `to` that begin at `first`, chunk
/// by chunk as they are, their checksums verified. False, with nothing copied, where their chunks
/// do not match.
bool copy_rows(const Hdf5Reader& from, Hdf5Writer& to, const std::string& path, std::size_t first);

}  // namespace gibbsite
