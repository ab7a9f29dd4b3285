#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "gibbsite/cli/command.hpp"
#include "gibbsite/cli/comparison_options.hpp"
#include "gibbsite/cli/figure.hpp"
#include "gibbsite/cli/table.hpp"
#include "gibbsite/core/node.hpp"

namespace gibbsite {
namespace {

namespace po = boost::program_options;

po::options_description plot_options() {
  po::options_description options = comparison_options();
  options.add_options()("output,o", po::value<std::string>(),
                        "the file to write: .svg, .pdf or .png (300 pixels an inch)")(
      "log", po::value<std::string>()->default_value("", "none"), "logarithmic axes: x, y or xy")(
      "width", po::value<double>()->default_value(4.5), "in inches")(
      "height", po::value<double>(), "in inches (default: 2.8 per metric)");
  return options;
}

std::optional<double> number_of(const std::string& text) { return Node::scalar(text).as_real(); }

// The column of the x axis: the first that --by names, else the first of numbers, else the first.
std::size_t x_column(const Comparison& table, bool asked_for) {
  for (std::size_t k = 0; k < table.by.size() && !asked_for; ++k)
    if (std::all_of(table.rows.begin(), table.rows.end(),
                    [&](const ComparedRow& row) { return number_of(row.by[k]).has_value(); }))
      return k;
  return 0;
}

std::string series_name(const ComparedRow& row, std::size_t x) {
  std::vector<std::string> words;
  for (std::size_t k = 0; k < row.by.size(); ++k)
    if (k != x) words.push_back(row.by[k]);
  return join(words, " ");
}

// Takes the words that all names begin with off them, so that what differs is seen; returns these.
std::string take_common_words(std::vector<std::string>& names) {
  std::string common;
  while (names.size() > 1) {
    const auto end = names[0].find(' ');
    if (end == std::string::npos) break;
    const std::string word = names[0].substr(0, end + 1);
    if (!std::all_of(names.begin(), names.end(),
                     [&](const std::string& name) { return name.starts_with(word); }))
      break;
    for (std::string& name : names) name.erase(0, word.size());
    common += word;
  }
  return common;
}

template <class List, class Matches>
auto& found_or_added(List& list, typename List::value_type fresh, Matches matches) {
  const auto found = std::find_if(list.begin(), list.end(), matches);
  if (found != list.end()) return *found;
  list.push_back(std::move(fresh));
  return list.back();
}

Figure figure_of(const Comparison& table, std::size_t x) {
  Figure figure;
  figure.x_title = table.by.empty() ? "" : short_path(table.by[x], table.by);
  const bool numbers = !table.by.empty() && std::all_of(table.rows.begin(), table.rows.end(),
                                                        [&](const ComparedRow& row) {
                                                          return number_of(row.by[x]).has_value();
                                                        });
  for (std::size_t k = 0; k < table.metrics.size(); ++k) {
    FigurePanel panel{table.metrics[k].name, {}};
    for (const ComparedRow& row : table.rows) {
      const std::string place = table.by.empty() ? "all cells" : row.by[x];
      double at = number_of(place).value_or(0);
      if (!numbers) {
        const auto& name = found_or_added(figure.categories, place,
                                          [&](const std::string& one) { return one == place; });
        at = double(&name - figure.categories.data());
      }
      const std::string name = series_name(row, x);
      const Mean& mean = row.values[k].mean;
      found_or_added(panel.series, {name, {}}, [&](const auto& one) {
        return one.name == name;
      }).points.push_back({at, mean.value, mean.low, mean.high});
    }
    figure.panels.push_back(std::move(panel));
  }
  const std::string common = take_common_words(figure.categories);
  if (!common.empty()) figure.x_title += ": " + common.substr(0, common.size() - 1);
  return figure;
}

double length_of(const po::variables_map& values, const char* name, double otherwise) {
  const double inches = values.contains(name) ? values[name].as<double>() : otherwise;
  if (!(inches >= 1 && inches <= 40))
    throw Error(std::string("--") + name + ": must be between 1 and 40 inches, got " +
                number_text(inches));
  return 72 * inches;
}

}  // namespace

int plot_command(const Command& self, const Arguments& arguments) {
  const auto values = parse_arguments(self, arguments, plot_options(), 1, 1000);
  if (!values) return 0;
  const ComparisonRequest request = comparison_request(*values);
  if (!values->contains("output")) throw Error("plot: -o FILE is missing");
  if (request.metrics.empty())
    throw Error("plot: --metric is missing (gibbsite compare shows what there is)");
  const std::string log = (*values)["log"].as<std::string>();
  if (log.find_first_not_of("xy") != std::string::npos)
    throw Error("--log: must be x, y or xy, got '" + log + "'");
  const double width = length_of(*values, "width", 4.5);
  const double height = length_of(*values, "height", 2.8 * double(request.metrics.size()));
  const std::string file = (*values)["output"].as<std::string>();
  Canvas canvas(file, width, height, 300. / 72);
  const Comparison table = compare(request);
  Figure figure = figure_of(table, x_column(table, !request.by.empty()));
  figure.log_x = log.find('x') != std::string::npos;
  figure.log_y = log.find('y') != std::string::npos;
  if (figure.log_x && !figure.categories.empty())
    throw Error("--log: x has names, no numbers: " + figure.x_title);
  draw_figure(canvas, figure, width, height);
  canvas.finish();
  for (const std::string& note : table.notes) std::fprintf(stderr, "%s\n", note.c_str());
  return 0;
}

}  // namespace gibbsite
