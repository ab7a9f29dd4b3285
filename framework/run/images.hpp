// The configurations of a result as images.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "gibbsite/io/hdf5.hpp"

namespace gibbsite {

/// Images of equal size, one after another, row by row.
struct ImageSheet {
  std::string title;
  std::size_t width = 0, height = 0;
  bool is_signed = false;  ///< of weights, with 0 in the middle of the scale
  double low = 0, high = 1;
  std::vector<double> values = {};
  std::size_t count() const { return values.size() / (width * height); }
  /// Two hexadecimal digits per pixel, 00 for `low` and ff for `high`; -- for what is not finite.
  std::string hex() const;
};

/// The width and height of images of `units` pixels: a square of side 3 or more; {0, 0} for none.
std::pair<std::size_t, std::size_t> square_of(std::size_t units);

/// What a result shows as images, at most `pixels` pixels a sheet: `samples` (the last draws of all
/// chains, far apart) and `filters` (the columns of the parameters W, one per hidden unit); where
/// coordinates were clamped, first `given`, with NaN for what was not, and `mean`, that of all
/// draws. Empty where x is no image: neither of `size` (width, height) nor, where that is {0, 0}, a
/// square.
std::vector<ImageSheet> image_sheets(const Hdf5Reader& file, std::size_t pixels,
                                     std::pair<std::size_t, std::size_t> size = {0, 0});

}  // namespace gibbsite
