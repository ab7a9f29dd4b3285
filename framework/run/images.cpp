#include "gibbsite/run/images.hpp"

#include <algorithm>
#include <cmath>

#include "gibbsite/io/yaml.hpp"
#include "gibbsite/run/grid.hpp"

namespace gibbsite {
namespace {

using Size = std::pair<std::size_t, std::size_t>;

Size size_of_images(std::size_t units, Size asked) {
  if (asked.first == 0) return square_of(units);
  return asked.first * asked.second == units ? asked : Size{0, 0};
}

void set_range(ImageSheet& sheet) {
  bool any = false;
  for (const double value : sheet.values) {
    if (!std::isfinite(value)) continue;
    sheet.low = any ? std::min(sheet.low, value) : value;
    sheet.high = any ? std::max(sheet.high, value) : value;
    any = true;
  }
  if (sheet.is_signed) {
    sheet.high = std::max(std::abs(sheet.low), std::abs(sheet.high));
    sheet.low = -sheet.high;
  }
  if (!(sheet.high > sheet.low)) sheet.high = sheet.low + 1;
}

// The last draws first: of every chain its last one, then those half a run, a quarter ... before.
ImageSheet samples(const Hdf5Reader& file, Size size, std::size_t most) {
  const auto shape = file.shape("/posterior/x");
  const std::size_t chains = shape[0], draws = shape[1], units = shape[2];
  const std::size_t count = std::min({most, chains * draws, std::size_t(64)});
  const std::size_t per_chain = (count + chains - 1) / chains;
  ImageSheet sheet{"samples", size.first, size.second};
  for (std::size_t k = 0; k < count; ++k) {
    const std::size_t chain = k % chains, number = k / chains;
    const std::size_t draw = draws - 1 - number * draws / per_chain;
    const auto image = file.read("/posterior/x", {chain, draw, 0}, {1, 1, units});
    sheet.values.insert(sheet.values.end(), image.begin(), image.end());
  }
  set_range(sheet);
  return sheet;
}

// The coordinates that were held fixed while sampling.
std::vector<std::size_t> clamped_coordinates(const Hdf5Reader& file) {
  std::vector<std::size_t> all;
  const std::string spec = file.text_attribute("/", "spec");
  if (spec.empty()) return all;
  const Node root = parse_yaml(spec, "spec", trusted_yaml);
  const Node* list = find_path(root, "sample.clamp.coordinates");
  if (list == nullptr) return all;
  for (const Node& item : list->items)
    if (const auto number = item.as_unsigned()) all.push_back(std::size_t(*number));
  return all;
}

// What was given, and the mean of all draws.
void add_completion(std::vector<ImageSheet>& sheets, const Hdf5Reader& file, Size size) {
  const auto clamped = clamped_coordinates(file);
  if (clamped.empty()) return;
  const auto shape = file.shape("/posterior/x");
  const auto draws = file.read("/posterior/x");
  const std::size_t units = shape[2], count = shape[0] * shape[1];
  ImageSheet given{"given", size.first, size.second}, mean{"mean", size.first, size.second};
  given.values.assign(units, std::nan(""));
  mean.values.assign(units, 0.0);
  for (std::size_t n = 0; n < count; ++n)
    for (std::size_t i = 0; i < units; ++i) mean.values[i] += draws[n * units + i] / double(count);
  for (const std::size_t i : clamped)
    if (i < units) given.values[i] = draws[i];
  const auto [low, high] = std::minmax_element(draws.begin(), draws.end());
  for (ImageSheet* sheet : {&given, &mean})
    if (*high > *low) sheet->low = *low, sheet->high = *high;
  sheets.push_back(std::move(given));
  sheets.push_back(std::move(mean));
}

ImageSheet filters(const Hdf5Reader& file, Size size, std::size_t most) {
  const auto shape = file.shape("/parameters/W");
  const auto weights = file.read("/parameters/W");
  ImageSheet sheet{"filters", size.first, size.second, true};
  for (std::size_t j = 0; j < std::min({most, shape[1], std::size_t(64)}); ++j)
    for (std::size_t i = 0; i < shape[0]; ++i) sheet.values.push_back(weights[i * shape[1] + j]);
  set_range(sheet);
  return sheet;
}

}  // namespace

std::string ImageSheet::hex() const {
  std::string out;
  for (const double value : values) {
    if (!std::isfinite(value)) {
      out += "--";
      continue;
    }
    const double share = (value - low) / (high - low);
    const auto level = unsigned(std::lround(255 * std::clamp(share, 0.0, 1.0)));
    out += "0123456789abcdef"[level >> 4];
    out += "0123456789abcdef"[level & 15];
  }
  return out;
}

Size square_of(std::size_t units) {
  const auto side = std::size_t(std::lround(std::sqrt(double(units))));
  return side >= 3 && side * side == units ? Size{side, side} : Size{0, 0};
}

std::vector<ImageSheet> image_sheets(const Hdf5Reader& file, std::size_t pixels, Size asked) {
  std::vector<ImageSheet> sheets;
  if (file.has("/posterior/x")) {
    const std::size_t units = file.shape("/posterior/x")[2];
    const Size size = size_of_images(units, asked);
    if (size.first > 0 && units <= pixels) {
      add_completion(sheets, file, size);
      sheets.push_back(samples(file, size, pixels / units));
    }
  }
  if (file.has("/parameters/W") && file.shape("/parameters/W").size() == 2) {
    const std::size_t units = file.shape("/parameters/W")[0];
    const Size size = size_of_images(units, asked);
    if (size.first > 0 && units <= pixels) sheets.push_back(filters(file, size, pixels / units));
  }
  return sheets;
}

}  // namespace gibbsite
