#include "gibbsite/run/images.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "gibbsite/cli/canvas.hpp"
#include "gibbsite/cli/command.hpp"
#include "gibbsite/cli/table.hpp"

namespace gibbsite {
namespace {

namespace po = boost::program_options;

constexpr double letters = 11, margin = 8, caption = 18;
constexpr Colour paper{.62, .7, .78}, unknown{.91, .77, .55};

// Grey from low to high; weights blue below zero and red above.
Colour colour_of(const ImageSheet& sheet, double value) {
  if (!std::isfinite(value)) return unknown;
  const double share = std::clamp((value - sheet.low) / (sheet.high - sheet.low), 0.0, 1.0);
  if (!sheet.is_signed) return {share, share, share};
  const double rest = 1 - std::abs(2 * share - 1);
  return share < 0.5 ? Colour{rest, rest, 1} : Colour{1, rest, rest};
}

// How a sheet is laid out: images side by side with lines between them, `zoom` points a pixel.
struct Layout {
  std::size_t across, down;
  double zoom, width, height;

  explicit Layout(const ImageSheet& sheet) {
    const std::size_t count = sheet.count();
    across = std::size_t(std::ceil(std::sqrt(double(count))));
    down = (count + across - 1) / across;
    const auto pixels = double(std::max(across * (sheet.width + 1), down * (sheet.height + 1)) + 1);
    zoom = std::max(1.0, std::min(10.0, std::floor(400 / pixels)));
    width = zoom * double(across * (sheet.width + 1) + 1);
    height = zoom * double(down * (sheet.height + 1) + 1);
  }
};

std::string caption_of(const ImageSheet& sheet) {
  const std::string low = short_number(sheet.low), high = short_number(sheet.high);
  return sheet.title + (sheet.is_signed ? " (" + low + " blue, " + high + " red)"
                                        : " (" + low + " black, " + high + " white)");
}

void draw(Canvas& canvas, const ImageSheet& sheet, const Layout& at, double left, double top) {
  canvas.text(left, top + caption / 2, caption_of(sheet), letters, Canvas::Align::left);
  canvas.rectangle(left, top + caption, at.width, at.height, paper);
  const std::size_t size = sheet.width * sheet.height;
  for (std::size_t n = 0; n < sheet.count(); ++n) {
    const double x = left + at.zoom * double(1 + (n % at.across) * (sheet.width + 1));
    const double y = top + caption + at.zoom * double(1 + (n / at.across) * (sheet.height + 1));
    for (std::size_t k = 0; k < size; ++k)
      canvas.rectangle(x + at.zoom * double(k % sheet.width), y + at.zoom * double(k / sheet.width),
                       at.zoom, at.zoom, colour_of(sheet, sheet.values[n * size + k]));
  }
}

void draw_all(const std::vector<ImageSheet>& sheets, const std::string& file) {
  double width = margin, height = 0;
  Canvas ruler(file, 1, 1, 1);
  std::vector<double> wide;
  for (const ImageSheet& sheet : sheets) {
    const Layout at(sheet);
    wide.push_back(std::max(at.width, ruler.text_width(caption_of(sheet), letters)) + 2 * margin);
    width += wide.back();
    height = std::max(height, at.height);
  }
  Canvas canvas(file, std::ceil(width), height + caption + 2 * margin, 1);
  double left = margin;
  for (std::size_t k = 0; k < sheets.size(); ++k) {
    draw(canvas, sheets[k], Layout(sheets[k]), left, margin);
    left += std::round(wide[k]);
  }
  canvas.finish();
}

std::pair<std::size_t, std::size_t> size_of_images(const std::string& text) {
  unsigned width = 0, height = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%ux%u%c", &width, &height, &rest) != 2 || width * height == 0)
    throw Error("--size: must be WIDTHxHEIGHT in pixels, got '" + text + "'");
  return {width, height};
}

}  // namespace

int images_command(const Command& self, const Arguments& arguments) {
  po::options_description options("options");
  options.add_options()("output,o", po::value<std::string>(),
                        "the file to write: .png, .svg or .pdf")(
      "size", po::value<std::string>(),
      "WIDTHxHEIGHT of an image in pixels (default: as wide as high)");
  const auto values = parse_arguments(self, arguments, options, 1, 1);
  if (!values) return 0;
  if (!values->contains("output")) throw Error("images: -o FILE is missing");
  std::filesystem::path file = words(*values)[0];
  if (std::filesystem::is_directory(file)) file /= "result.h5";
  if (!std::filesystem::exists(file)) throw Error(file.string() + ": no such file");
  std::pair<std::size_t, std::size_t> size{0, 0};
  if (values->contains("size")) size = size_of_images((*values)["size"].as<std::string>());
  constexpr std::size_t most_pixels = 64 * 1024;
  const auto sheets = image_sheets(Hdf5Reader(file), most_pixels, size);
  if (sheets.empty())
    throw Error(file.string() +
                ": holds no images: neither its draws nor the columns of W fill a square of side 3 "
                "or more (see --size)");
  draw_all(sheets, (*values)["output"].as<std::string>());
  return 0;
}

}  // namespace gibbsite
