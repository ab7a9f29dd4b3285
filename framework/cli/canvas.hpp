// A sheet to draw on that becomes a file: SVG, PDF or PNG by the same calls (Cairo).
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gibbsite {

/// Shares of red, green and blue in [0, 1].
struct Colour {
  double red = 0, green = 0, blue = 0;
};

/// Colours that colour-blind readers tell apart (Okabe & Ito 2008); they repeat after eight.
Colour series_colour(std::size_t number);

/// Lengths are points, 1/72 inch, from the upper left corner; the sheet begins white.
class Canvas {
 public:
  /// What a text is placed by: its left end, middle or right end.
  enum class Align { left, middle, right };

  /// `file` ends with .svg, .pdf or .png (`scale` pixels a point). Throws Error for other endings.
  Canvas(std::filesystem::path file, double width, double height, double scale);
  ~Canvas();
  Canvas(const Canvas&) = delete;
  Canvas& operator=(const Canvas&) = delete;

  void line(const std::vector<std::pair<double, double>>& points, Colour colour, double width);
  void disc(double x, double y, double radius, Colour colour);
  void rectangle(double x, double y, double width, double height, Colour colour);
  /// The middle of the line of letters is at y; `turned`: it runs upwards.
  void text(double x, double y, const std::string& words, double size, Align align,
            bool turned = false);
  double text_width(const std::string& words, double size) const;
  /// Writes the file, whole or not at all. Throws StorageError where that fails.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gibbsite
