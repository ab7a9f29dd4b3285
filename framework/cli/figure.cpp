#include "gibbsite/cli/figure.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sstream>

#include "gibbsite/cli/scale.hpp"
#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

using Align = Canvas::Align;

constexpr double letters = 8, tick = 3, gap = 4;
constexpr Colour grey{.55, .58, .62}, pale{.9, .91, .93};

std::string tick_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", std::abs(value) < 1e-300 ? 0.0 : value);
  return text;
}

class Drawing {
 public:
  Drawing(Canvas& canvas, const Figure& figure, double width, double height)
      : canvas_(canvas), figure_(figure), width_(width) {
    const double top = legend() + gap;
    const double bottom = height - below();
    const double each = (bottom - top) / double(figure.panels.size());
    left_ = 2 * letters + gap + widest_tick();
    for (std::size_t k = 0; k < figure.panels.size(); ++k)
      panel(figure.panels[k], top + double(k) * each, top + double(k + 1) * each - 2 * gap,
            k + 1 == figure.panels.size());
  }

 private:
  bool shown(const FigurePoint& p) const {
    return std::isfinite(p.x) && std::isfinite(p.y) && (!figure_.log_x || p.x > 0) &&
           (!figure_.log_y || p.y > 0);
  }

  Scale y_scale(const FigurePanel& panel) const {
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (const FigureSeries& one : panel.series)
      for (const FigurePoint& p : one.points)
        for (const double y : {p.y, p.low, p.high})
          if (shown(p) && std::isfinite(y) && (!figure_.log_y || y > 0)) {
            low = std::min(low, y);
            high = std::max(high, y);
          }
    if (!(low <= high)) throw Error("plot: no finite value of " + panel.title + " to draw");
    return {figure_.log_y, low, high};
  }

  Scale x_scale() const {
    if (!figure_.categories.empty()) return {false, -.4, double(figure_.categories.size()) - .6};
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (const FigurePanel& panel : figure_.panels)
      for (const FigureSeries& one : panel.series)
        for (const FigurePoint& p : one.points)
          if (shown(p)) low = std::min(low, p.x), high = std::max(high, p.x);
    return {figure_.log_x, low, high};
  }

  // A text that fits, with an ellipsis where it had to be cut.
  std::string cut(std::string text, double room) const {
    if (canvas_.text_width(text, letters) <= room) return text;
    while (!text.empty() && canvas_.text_width(text + "…", letters) > room) {
      while (!text.empty() && (text.back() & '\xc0') == '\x80') text.pop_back();
      if (!text.empty()) text.pop_back();
    }
    return text + "…";
  }

  // Names of the series in lines at the top; returns where they end.
  double legend() {
    const auto& series = figure_.panels[0].series;
    if (series.size() < 2) return 0;
    double x = gap, y = gap + letters / 2;
    for (std::size_t k = 0; k < series.size(); ++k) {
      const std::string name = cut(series[k].name, width_ - 4 * gap - letters);
      const double wide = canvas_.text_width(name, letters) + 2 * letters;
      if (x > gap && x + wide > width_) x = gap, y += 1.4 * letters;
      canvas_.disc(x + letters / 2, y, 2.6, series_colour(k));
      canvas_.text(x + letters + 1, y, name, letters, Align::left);
      x += wide;
    }
    return y + letters;
  }

  // The room of a category's name, and its words in lines that fit there.
  double slot() const { return 0.8 * width_ / double(figure_.categories.size()); }
  std::vector<std::string> lines_of(const std::string& name) const {
    std::vector<std::string> lines;
    std::istringstream words(name);
    for (std::string word; words >> word;) {
      const std::string longer = lines.empty() ? word : lines.back() + " " + word;
      if (!lines.empty() && canvas_.text_width(longer, letters) <= slot())
        lines.back() = longer;
      else
        lines.push_back(word);
    }
    return lines;
  }

  // Whether names run upwards: where their words do not fit side by side.
  bool turned() const {
    for (const std::string& name : figure_.categories)
      for (const std::string& line : lines_of(name))
        if (canvas_.text_width(line, letters) > 1.05 * slot()) return true;
    return false;
  }

  double below() const {
    double room = 1.4 * letters;
    for (const std::string& name : figure_.categories)
      room = std::max(room, turned() ? std::min(longest, canvas_.text_width(name, letters))
                                     : 1.4 * letters * double(lines_of(name).size()));
    return room + tick + gap + 1.8 * letters;
  }

  double widest_tick() const {
    double wide = 0;
    for (const FigurePanel& panel : figure_.panels)
      for (const double value : y_scale(panel).ticks(6))
        wide = std::max(wide, canvas_.text_width(tick_text(value), letters));
    return wide;
  }

  void panel(const FigurePanel& panel, double top, double bottom, bool last) {
    const double right = width_ - 2 * gap;
    Scale x = x_scale(), y = y_scale(panel);
    x.lies(left_, right);
    y.lies(bottom, top);
    for (const double value : y.ticks(6)) {
      canvas_.line({{left_, y(value)}, {right, y(value)}}, pale, 0.6);
      canvas_.text(left_ - tick - 1, y(value), tick_text(value), letters, Align::right);
    }
    canvas_.line({{left_, top}, {left_, bottom}, {right, bottom}}, grey, 0.8);
    canvas_.text(gap + letters / 2, (top + bottom) / 2, cut(panel.title, bottom - top), letters,
                 Align::middle, true);
    x_axis(x, bottom, last);
    for (std::size_t k = 0; k < panel.series.size(); ++k) draw(panel.series, k, x, y);
  }

  void x_axis(const Scale& x, double bottom, bool named) {
    const bool words = !figure_.categories.empty();
    std::vector<double> places = words ? std::vector<double>() : x.ticks(6);
    for (std::size_t k = 0; k < figure_.categories.size(); ++k) places.push_back(double(k));
    for (const double place : places) {
      canvas_.line({{x(place), bottom}, {x(place), bottom + tick}}, grey, 0.8);
      if (named && words)
        category(figure_.categories[std::size_t(place)], x(place), bottom + tick);
      else if (named)
        canvas_.text(x(place), bottom + tick + letters, tick_text(place), letters, Align::middle);
    }
    if (named)
      canvas_.text((left_ + width_) / 2, bottom + below() - letters + gap / 2, figure_.x_title,
                   letters, Align::middle);
  }

  void category(const std::string& name, double x, double top) {
    if (turned()) {
      canvas_.text(x, top + 2, cut(name, longest), letters, Align::right, true);
      return;
    }
    for (const std::string& line : lines_of(name))
      canvas_.text(x, (top += 1.4 * letters) - 0.4 * letters, line, letters, Align::middle);
  }

  void draw(const std::vector<FigureSeries>& all, std::size_t number, const Scale& x,
            const Scale& y) {
    const Colour colour = series_colour(number);
    // Categories of several series stand side by side.
    const double width = std::min(0.6, 0.12 * double(all.size()));
    const bool words = !figure_.categories.empty();
    const double shift =
        words && all.size() > 1 ? width * (double(number) / double(all.size() - 1) - 0.5) : 0;
    std::vector<std::pair<double, double>> line;
    for (const FigurePoint& p : all[number].points) {
      if (!shown(p)) continue;
      const double at = x(p.x + shift);
      line.emplace_back(at, y(p.y));
      canvas_.disc(at, y(p.y), 2, colour);
      if (p.low <= p.high && (!figure_.log_y || p.low > 0))
        canvas_.line({{at, y(p.low)}, {at, y(p.high)}}, colour, 0.9);
    }
    std::sort(line.begin(), line.end());
    if (!words) canvas_.line(line, colour, 1);
  }

  static constexpr double longest = 110;
  Canvas& canvas_;
  const Figure& figure_;
  double width_, left_ = 0;
};

}  // namespace

void draw_figure(Canvas& canvas, const Figure& figure, double width, double height) {
  const Drawing drawing(canvas, figure, width, height);
}

}  // namespace gibbsite
