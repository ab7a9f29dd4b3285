// What a page about a run shows besides its table: cells, axes, provenance, and plots of single
// cells, thinned so that the page stays of bounded size.
#pragma once

#include <string>
#include <vector>

#include "gibbsite/core/node.hpp"
#include "gibbsite/io/hdf5.hpp"
#include "gibbsite/run/compared_cells.hpp"

namespace gibbsite {

/// How much of a run is plotted.
struct ReportLimits {
  std::size_t cells = 24;       ///< whose own plots are shown
  std::size_t chains = 8;       ///< per cell
  std::size_t points = 250;     ///< per line
  std::size_t pixels = 16'384;  ///< per sheet of images
};

/// Numbers in six digits with blanks between; NaN, Infinity and -Infinity as JavaScript reads them.
std::string packed(const std::vector<double>& values);

/// A map with
/// - cells: those that are not complete, with row, state and error; and how many there are in all
/// - axes: paths below `by` where the specs differ in numbers, one packed number per row
/// - details: plots of up to `limits.cells` finished cells, spread evenly over the rows
/// - provenance: attributes of these cells' results, each with its different values
/// - notes: what was left out.
Node report_data(const ComparedCells& cells, const ReportLimits& limits = {});

/// Plots of a result, as a map: quantities with traces, ranks, autocorrelation, marginals and
/// diagnostics; energies; swaps; training; weights; images.
Node result_plots(const Hdf5Reader& file, const ReportLimits& limits);

}  // namespace gibbsite
