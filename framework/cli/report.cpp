#include "gibbsite/run/report.hpp"

#include <cstdio>

#include "gibbsite/cli/command.hpp"
#include "gibbsite/cli/comparison_options.hpp"
#include "gibbsite/cli/comparison_text.hpp"
#include "gibbsite/cli/page.hpp"
#include "gibbsite/io/files.hpp"
#include "gibbsite/io/json.hpp"
#include "gibbsite/io/provenance.hpp"
#include "gibbsite/run/plan.hpp"
#include "gibbsite/version.hpp"

namespace gibbsite {
namespace {

namespace po = boost::program_options;

using Row = std::vector<std::string>;

Node texts(const Row& list) {
  Node out = Node::list({});
  for (const std::string& text : list) out.items.push_back(Node::scalar(text, true));
  return out;
}

// The words of a row as one text, a line each.
std::string one_text(Row words) {
  for (std::string& word : words)
    for (char& c : word)
      if (c == '\n') c = ' ';
  return join(words, "\n");
}

const char* mark_text(ComparedValue::Mark mark) {
  if (mark == ComparedValue::Mark::best) return "best";
  return mark == ComparedValue::Mark::like_best ? "like_best" : "-";
}

// The marks of a row in the columns of its sheet.
std::string marks_of(const ComparedRow& row, const TextTable& sheet, std::size_t first) {
  Row marks;
  for (const ComparedValue& value : row.values) {
    marks.emplace_back(mark_text(value.mark));
    const std::size_t next = first + marks.size();
    if (next < sheet.head.size() && sheet.head[next] == "difference") marks.emplace_back("-");
  }
  return join(marks, " ");
}

void put_table(Node& page, const Comparison& table) {
  const TextTable sheet = comparison_sheet(table);
  Row lines, marks;
  for (std::size_t k = 0; k < sheet.rows.size(); ++k) {
    lines.push_back(one_text(sheet.rows[k]));
    marks.push_back(marks_of(table.rows[k], sheet, table.by.size() + 1));
  }
  page["by"] = texts(table.by);
  page["head"] = texts(sheet.head);
  page["lines"] = texts(lines);
  page["marks"] = texts(marks);
}

// Every metric that is a number, for plots: one value per row.
Node numbers_of(const Comparison& table) {
  Node list = Node::list({});
  for (std::size_t k = 0; k < table.metrics.size(); ++k) {
    std::vector<double> mean, low, high;
    bool any = false;
    for (const ComparedRow& row : table.rows) {
      const Mean& own = row.values[k].mean;
      any = any || own.value == own.value;
      mean.push_back(own.value);
      low.push_back(own.low);
      high.push_back(own.high);
    }
    if (!any) continue;
    Node one = Node::map();
    one["name"] = Node::scalar(table.metrics[k].name, true);
    one["mean"] = Node::scalar(packed(mean), true);
    one["low"] = Node::scalar(packed(low), true);
    one["high"] = Node::scalar(packed(high), true);
    list.items.push_back(std::move(one));
  }
  return list;
}

// Everything of what the page shows that is data.
Node page_of(const ComparisonRequest& request) {
  const ComparedCells cells = read_cells(request.folders, request.by, request.only);
  Node page = report_data(cells);
  const Comparison table = compare(cells, request);
  Row names, questions;
  for (const auto& folder : request.folders) {
    const Plan plan = read_plan(folder);
    names.push_back(plan.name);
    if (!plan.question.empty()) questions.push_back(plan.question);
  }
  page["name"] = Node::scalar(join(names), true);
  page["question"] = Node::scalar(join(questions, "\n\n"), true);
  page["made"] = Node::scalar("gibbsite " GIBBSITE_VERSION ", " + utc_now(), true);
  put_table(page, table);
  ComparisonRequest all = request;
  all.metrics = all.baseline = {};
  page["metrics"] = numbers_of(request.metrics.empty() ? table : compare(cells, all));
  for (const std::string& note : comparison_notes(table, "bold:", "underlined:"))
    page["notes"].items.push_back(Node::scalar(note, true));
  return page;
}

// JSON that may stand inside an HTML element: no tag begins or ends in it.
std::string inside_html(const std::string& json) {
  std::string out;
  for (const char c : json)
    if (c == '<' || c == '>' || c == '&')
      out += c == '<' ? "\\u003c" : c == '>' ? "\\u003e" : "\\u0026";
    else
      out += c;
  return out;
}

std::string as_html(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

// The template with its parts filled in, each once: what is filled in is not looked at again.
std::string filled(const std::vector<std::pair<std::string, std::string>>& parts) {
  std::string_view rest = page_template();
  std::string out;
  for (const auto& [name, text] : parts) {
    const std::string place = "{{" + name + "}}";
    const auto at = rest.find(place);
    out.append(rest.substr(0, at)).append(text);
    rest.remove_prefix(at + place.size());
  }
  return out.append(rest);
}

}  // namespace

int report_command(const Command& self, const Arguments& arguments) {
  po::options_description options = comparison_options();
  options.add_options()("output,o", po::value<std::string>(),
                        "the file to write (default: report.html in the folder)");
  const auto values = parse_arguments(self, arguments, options, 1, 1000);
  if (!values) return 0;
  if (page_library().empty())
    throw Error(
        "report: the program was built without its plotting library: install the Debian package "
        "libjs-chart.js and build again");
  const ComparisonRequest request = comparison_request(*values);
  const std::filesystem::path file =
      values->contains("output") ? std::filesystem::path((*values)["output"].as<std::string>())
                                 : request.folders[0] / "report.html";
  const Node page = page_of(request);
  write_file(file, filled({{"title", as_html(page.find("name")->text)},
                           {"library", std::string(page_library())},
                           {"data", inside_html(to_json(page))},
                           {"program", std::string(page_program())}}));
  std::printf("%s\n", file.c_str());
  return 0;
}

}  // namespace gibbsite
