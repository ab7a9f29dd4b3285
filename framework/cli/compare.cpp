#include <cstdio>

#include "gibbsite/cli/command.hpp"
#include "gibbsite/cli/comparison_options.hpp"
#include "gibbsite/cli/comparison_text.hpp"
#include "gibbsite/io/json.hpp"

namespace gibbsite {
namespace {

namespace po = boost::program_options;

const char* const formats[] = {"csv", "json", "latex", "markdown"};

po::options_description compare_options() {
  po::options_description options = comparison_options();
  auto add = options.add_options();
  add("csv", "every number in full, comma-separated");
  add("json", "the same as JSON");
  add("latex", "a tabular for the package booktabs");
  add("markdown", "a table for Markdown");
  return options;
}

std::string format_of(const po::variables_map& values) {
  std::string chosen;
  for (const char* format : formats)
    if (values.contains(format)) {
      if (!chosen.empty())
        throw Error("compare: one format at a time, got --" + chosen + " and --" + format);
      chosen = format;
    }
  return chosen;
}

std::string text_of(const Comparison& table, const std::string& format) {
  if (format == "csv") return comparison_csv(table);
  if (format == "json") return to_json(comparison_node(table)) + "\n";
  if (format == "latex") return comparison_latex(table);
  return format == "markdown" ? comparison_markdown(table) : comparison_text(table);
}

}  // namespace

int compare_command(const Command& self, const Arguments& arguments) {
  const auto values = parse_arguments(self, arguments, compare_options(), 1, 1000);
  if (!values) return 0;
  const std::string format = format_of(*values);
  const Comparison table = compare(comparison_request(*values));
  std::printf("%s", text_of(table, format).c_str());
  // A file of numbers has no place for sentences.
  if (format == "csv")
    for (const std::string& note : table.notes) std::fprintf(stderr, "%s\n", note.c_str());
  return 0;
}

}  // namespace gibbsite
