// A figure of numbers with intervals, panel above panel over one x axis.
#pragma once

#include <string>
#include <vector>

#include "gibbsite/cli/canvas.hpp"

namespace gibbsite {

/// One point; without an interval `low` and `high` are NaN.
struct FigurePoint {
  double x, y, low, high;
};

/// Points of one colour, joined by a line where x is a number.
struct FigureSeries {
  std::string name;
  std::vector<FigurePoint> points;
};

/// Values over one axis.
struct FigurePanel {
  std::string title;
  std::vector<FigureSeries> series;
};

/// What is drawn.
struct Figure {
  std::vector<FigurePanel> panels;
  std::string x_title;
  std::vector<std::string> categories = {};  ///< names of x = 0, 1, ...; empty where x is a number
  bool log_x = false, log_y = false;
};

/// Draws it on a sheet of this size in points. Points that a logarithmic axis cannot show are left
/// out, as are those that are not finite. Throws Error where no point is left.
void draw_figure(Canvas& canvas, const Figure& figure, double width, double height);

}  // namespace gibbsite
