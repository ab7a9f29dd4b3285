#include "gibbsite/cli/canvas.hpp"

#include <cairo-pdf.h>
#include <cairo-svg.h>
#include <cairo.h>

#include <cmath>
#include <numbers>

#include "gibbsite/core/error.hpp"
#include "gibbsite/io/files.hpp"

namespace gibbsite {
namespace {

cairo_status_t append(void* bytes, const unsigned char* data, unsigned int length) {
  static_cast<std::string*>(bytes)->append(reinterpret_cast<const char*>(data), length);
  return CAIRO_STATUS_SUCCESS;
}

}  // namespace

Colour series_colour(std::size_t number) {
  static const Colour all[] = {{0, .447, .698},    {.835, .369, 0},   {0, .62, .451},
                               {.8, .475, .655},   {.902, .624, 0},   {.337, .706, .914},
                               {.498, .235, .553}, {.357, .392, .439}};
  return all[number % std::size(all)];
}

struct Canvas::State {
  std::filesystem::path file;
  std::string bytes;
  cairo_surface_t* surface = nullptr;
  cairo_t* pen = nullptr;

  ~State() {
    if (pen != nullptr) cairo_destroy(pen);
    if (surface != nullptr) cairo_surface_destroy(surface);
  }
  void colour(Colour c) const { cairo_set_source_rgb(pen, c.red, c.green, c.blue); }
};

Canvas::Canvas(std::filesystem::path file, double width, double height, double scale)
    : state_(std::make_unique<State>()) {
  const std::string ending = file.extension();
  State& state = *state_;
  if (ending == ".svg")
    state.surface = cairo_svg_surface_create_for_stream(append, &state.bytes, width, height);
  else if (ending == ".pdf")
    state.surface = cairo_pdf_surface_create_for_stream(append, &state.bytes, width, height);
  else if (ending == ".png")
    state.surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, int(std::ceil(width * scale)),
                                               int(std::ceil(height * scale)));
  else
    throw Error("-o: must end with .svg, .pdf or .png, got " + file.string());
  state.file = std::move(file);
  if (cairo_surface_status(state.surface) != CAIRO_STATUS_SUCCESS)
    throw Error("-o: too large a picture: " + std::to_string(width) + " x " +
                std::to_string(height) + " points");
  state.pen = cairo_create(state.surface);
  if (ending == ".png") cairo_scale(state.pen, scale, scale);
  cairo_select_font_face(state.pen, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                         CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_line_join(state.pen, CAIRO_LINE_JOIN_ROUND);
  rectangle(0, 0, width, height, {1, 1, 1});
}

Canvas::~Canvas() = default;

void Canvas::line(const std::vector<std::pair<double, double>>& points, Colour colour,
                  double width) {
  state_->colour(colour);
  cairo_set_line_width(state_->pen, width);
  cairo_new_path(state_->pen);
  for (const auto& [x, y] : points) cairo_line_to(state_->pen, x, y);
  cairo_stroke(state_->pen);
}

void Canvas::disc(double x, double y, double radius, Colour colour) {
  state_->colour(colour);
  cairo_new_path(state_->pen);
  cairo_arc(state_->pen, x, y, radius, 0, 2 * std::numbers::pi);
  cairo_fill(state_->pen);
}

void Canvas::rectangle(double x, double y, double width, double height, Colour colour) {
  state_->colour(colour);
  cairo_set_antialias(state_->pen, CAIRO_ANTIALIAS_NONE);
  cairo_rectangle(state_->pen, x, y, width, height);
  cairo_fill(state_->pen);
  cairo_set_antialias(state_->pen, CAIRO_ANTIALIAS_DEFAULT);
}

void Canvas::text(double x, double y, const std::string& words, double size, Align align,
                  bool turned) {
  const double share = align == Align::left ? 0 : align == Align::middle ? 0.5 : 1;
  const double back = share * text_width(words, size);
  cairo_save(state_->pen);
  state_->colour({.1, .12, .14});
  cairo_move_to(state_->pen, x, y);
  if (turned) cairo_rotate(state_->pen, -std::numbers::pi / 2);
  cairo_rel_move_to(state_->pen, -back, 0.35 * size);
  cairo_set_font_size(state_->pen, size);
  cairo_show_text(state_->pen, words.c_str());
  cairo_restore(state_->pen);
}

double Canvas::text_width(const std::string& words, double size) const {
  cairo_set_font_size(state_->pen, size);
  cairo_text_extents_t extents;
  cairo_text_extents(state_->pen, words.c_str(), &extents);
  return extents.x_advance;
}

void Canvas::finish() {
  State& state = *state_;
  // A text that is no UTF-8, for one, stops all further strokes.
  if (const cairo_status_t fault = cairo_status(state.pen); fault != CAIRO_STATUS_SUCCESS)
    throw Error(state.file.string() + ": cannot be drawn: " + cairo_status_to_string(fault));
  if (state.file.extension() == ".png")
    cairo_surface_write_to_png_stream(state.surface, append, &state.bytes);
  cairo_surface_finish(state.surface);
  const cairo_status_t status = cairo_surface_status(state.surface);
  if (status != CAIRO_STATUS_SUCCESS && status != CAIRO_STATUS_SURFACE_FINISHED)
    throw StorageError(state.file.string() + ": " + cairo_status_to_string(status));
  write_file(state.file, state.bytes);
}

}  // namespace gibbsite
