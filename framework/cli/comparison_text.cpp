#include "gibbsite/cli/comparison_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <regex>

#include "gibbsite/cli/table.hpp"

namespace gibbsite {
namespace {

using Mark = ComparedValue::Mark;

constexpr std::size_t page = 110, few = 8;

std::string printed(const char* format, int digits, double value) {
  char text[64];
  std::snprintf(text, sizeof text, format, digits, value);
  return text;
}

// The decimal exponent of a number rounded to two digits.
int exponent_of(double value) {
  const std::string text = printed("%.*e", 1, value);
  return std::stoi(text.substr(text.find('e') + 1));
}

// The numbers to the last digit that counts where `error` has two.
class Rounding {
 public:
  Rounding(double value, double error) : last_(exponent_of(error) - 1) {
    const int first = value == 0 ? last_ : std::max(exponent_of(value), last_);
    scientific_ = first < -4 || last_ > 3;
  }
  std::string operator()(double value) const {
    if (!std::isfinite(value)) return value > 0 ? "inf" : "-inf";
    if (scientific_)
      return printed("%.*e", value == 0 ? 0 : std::max(0, exponent_of(value) - last_), value);
    const double unit = std::pow(10.0, last_);
    return last_ < 0 ? printed("%.*f", -last_, value)
                     : printed("%.*f", 0, unit * std::round(value / unit));
  }

 private:
  int last_;
  bool scientific_;
};

// How one kind of text writes what a table holds.
struct Style {
  std::string (*plain)(const std::string& text);
  std::string (*number)(const std::string& text);
  std::string (*marked)(const std::string& text, Mark mark);
};

std::string same(const std::string& text) { return text; }

std::string starred(const std::string& text, Mark mark) {
  return text + (mark == Mark::best ? " *" : mark == Mark::like_best ? " ~" : "");
}

std::string markdown_escaped(const std::string& text) {
  return std::regex_replace(text, std::regex(R"([|*_\\<`\[])"), R"(\$&)");
}

std::string markdown_marked(const std::string& text, Mark mark) {
  const char* sign = mark == Mark::best ? "**" : mark == Mark::like_best ? "_" : "";
  return sign + text + sign;
}

std::string latex_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (std::string("&%$#_{}").find(c) != std::string::npos)
      out += std::string("\\") + c;
    else if (c == '~' || c == '^')
      out += std::string("\\") + c + "{}";
    else if (c == '\\')
      out += "\\textbackslash{}";
    else
      out += c;
  }
  return out;
}

std::string latex_number(const std::string& text) {
  std::string out = std::regex_replace(text, std::regex("e([+-])0*([0-9]+)"), " \\times 10^{$1$2}");
  out = std::regex_replace(out, std::regex("\\{\\+"), "{");
  out = std::regex_replace(out, std::regex("±"), "\\pm");
  return "$" + std::regex_replace(out, std::regex("inf"), "\\infty") + "$";
}

std::string latex_marked(const std::string& text, Mark mark) {
  if (mark == Mark::best) return "\\boldmath\\textbf{" + text + "}";
  return mark == Mark::like_best ? "\\underline{" + text + "}" : text;
}

std::string value_text(const ComparedValue& value, const Style& style) {
  if (!value.text.empty()) return style.plain(value.text);
  if (std::isnan(value.mean.value)) return "-";
  return style.marked(style.number(rounded(value.mean)), value.mark);
}

std::string difference_text(const ComparedRow& row, const ComparedValue& value,
                            const Style& style) {
  if (row.is_baseline) return "baseline";
  if (!value.difference || std::isnan(value.difference->mean.value)) return "-";
  const Difference& found = *value.difference;
  std::string text = style.number(rounded(found.mean));
  if (std::isnan(found.p_holm)) return text;
  const bool small = found.p_holm < 0.001;
  return text + " (p " + style.number(small ? "< 0.001" : "= " + printed("%.*f", 3, found.p_holm)) +
         ")";
}

std::string cells_text(const ComparedRow& row) {
  const std::string all = std::to_string(row.cells());
  return row.complete() == row.cells() ? all : std::to_string(row.complete()) + " of " + all;
}

// What a column is called: of a form of the column before, the form alone.
std::string head_text(const std::vector<Metric>& metrics, std::size_t k) {
  const Metric& metric = metrics[k];
  const bool follows =
      k > 0 && metric.form != Metric::Form::plain && metrics[k - 1].path == metric.path;
  std::string text = follows ? metric.name.substr(metric.path.size() + 1) : metric.name;
  if (follows) std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

// Of texts and of figures of a whole row there are no differences.
bool has_differences(const Comparison& table, std::size_t metric) {
  return std::any_of(table.rows.begin(), table.rows.end(), [&](const ComparedRow& row) {
    return row.values[metric].difference.has_value();
  });
}

TextTable sheet_of(const Comparison& table, const Style& style) {
  TextTable sheet;
  for (const std::string& path : table.by)
    sheet.head.push_back(style.plain(short_path(path, table.by)));
  sheet.head.emplace_back("cells");
  for (std::size_t k = 0; k < table.metrics.size(); ++k) {
    sheet.head.push_back(style.plain(head_text(table.metrics, k)));
    if (has_differences(table, k)) sheet.head.emplace_back("difference");
  }
  for (const ComparedRow& row : table.rows) {
    std::vector<std::string> line;
    for (const std::string& value : row.by) line.push_back(style.plain(value));
    line.push_back(cells_text(row));
    for (std::size_t k = 0; k < table.metrics.size(); ++k) {
      line.push_back(value_text(row.values[k], style));
      if (has_differences(table, k)) line.push_back(difference_text(row, row.values[k], style));
    }
    sheet.rows.push_back(std::move(line));
  }
  return sheet;
}

std::string joined(const std::vector<std::string>& cells, const char* separator, const char* end) {
  std::string line;
  for (const std::string& cell : cells) line += (line.empty() ? "" : separator) + cell;
  return line + end;
}

}  // namespace

std::string rounded(const Mean& mean) {
  const double down = mean.value - mean.low, up = mean.high - mean.value;
  double error = std::fmin(down, up);
  if (!std::isfinite(error)) error = std::isfinite(down) ? down : up;
  if (!std::isfinite(mean.value) || !std::isfinite(error) || error <= 0)
    return short_number(mean.value);
  const Rounding round(mean.value, error);
  const bool even = std::isfinite(up + down) && std::abs(up - down) <= 1e-9 * (up + down);
  if (even) return round(mean.value) + " ± " + round(up);
  return round(mean.value) + " [" + round(mean.low) + ", " + round(mean.high) + "]";
}

std::vector<std::string> comparison_notes(const Comparison& table, const std::string& best,
                                          const std::string& like_best) {
  bool seeds = false, own = false, marks = false;
  for (const ComparedRow& row : table.rows)
    for (const ComparedValue& value : row.values) {
      seeds = seeds || value.interval == ComparedValue::Interval::seeds;
      own = own || value.interval == ComparedValue::Interval::own;
      marks = marks || value.mark != Mark::none;
    }
  std::vector<std::string> notes = table.notes;
  if (seeds) notes.emplace_back("intervals: 95 %, Student's t over the cells of a row");
  if (own)
    notes.emplace_back(
        "intervals of rows of one cell: 95 %, of its own estimate, not of other seeds");
  if (table.has_baseline)
    notes.emplace_back(
        "differences: to the baseline, in pairs of equal seeds, p corrected by Holm");
  if (marks)
    notes.push_back(
        best + " best among rows of one problem; " + like_best +
        " not distinguishable from it (5 %, Holm; pairs of equal seeds, or of one cell's own "
        "errors; where there are neither, no test)");
  return notes;
}

TextTable comparison_sheet(const Comparison& table) {
  return sheet_of(table, {same, same, starred});
}

std::string comparison_text(const Comparison& table) {
  TextTable sheet = comparison_sheet(table);
  if (sheet.width() > page && sheet.rows.size() <= few) sheet = sheet.transposed();
  std::string out = sheet.text();
  for (const std::string& note : comparison_notes(table, "*", "~")) out += "\n" + note;
  return out + "\n";
}

std::string comparison_markdown(const Comparison& table) {
  const TextTable sheet = sheet_of(table, {markdown_escaped, same, markdown_marked});
  std::string out = "| " + joined(sheet.head, " | ", " |\n") + "|";
  for (std::size_t k = 0; k < sheet.head.size(); ++k)
    out += k < table.by.size() ? " --- |" : " ---: |";
  for (const auto& row : sheet.rows) out += "\n| " + joined(row, " | ", " |");
  out += "\n";
  for (const std::string& note : comparison_notes(table, "bold:", "italics:"))
    out += "\n- " + markdown_escaped(note);
  return out + "\n";
}

std::string comparison_latex(const Comparison& table) {
  const TextTable sheet = sheet_of(table, {latex_escaped, latex_number, latex_marked});
  const std::string columns =
      std::string(table.by.size(), 'l') + std::string(sheet.head.size() - table.by.size(), 'r');
  std::string out = "% \\usepackage{booktabs}\n\\begin{tabular}{" + columns + "}\n\\toprule\n" +
                    joined(sheet.head, " & ", " \\\\\n\\midrule\n");
  for (const auto& row : sheet.rows) out += joined(row, " & ", " \\\\\n");
  out += "\\bottomrule\n\\end{tabular}\n";
  for (const std::string& note : comparison_notes(table, "bold:", "underlined:"))
    out += "% " + note + "\n";
  return out;
}

}  // namespace gibbsite
