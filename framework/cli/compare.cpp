#include <cstdio>

#include "gibbsite/cli/command.hpp"
#include "gibbsite/cli/comparison_text.hpp"
#include "gibbsite/io/json.hpp"

namespace gibbsite {
namespace {

namespace po = boost::program_options;

const char* const formats[] = {"csv", "json", "latex", "markdown"};

po::options_description compare_options() {
  po::options_description options("options");
  const auto texts = [] {
    return po::value<std::vector<std::string>>()->default_value({}, "none");
  };
  auto add = options.add_options();
  add("by", texts(),
      "path that tells rows apart, or its last words; may be given again (default: all that vary "
      "but the seed, and `folder` of several)");
  add("metric", texts(),
      "PATH[/FORM][:high|:low], may be given again (default: the headlines, what they cost, and "
      "their errors).\n"
      "PATH: estimates/LABEL/NAME, gradients/LABEL/NAME, training/COLUMN (its last value), "
      "sample_stats/NAME (mean of the draws), cost/NAME, cost/STAGE/NAME, seconds, status, or a "
      "headline LABEL.NAME.\n"
      "FORM: per_evaluation (energies and gradients), per_update (of sites), per_second, each of "
      "the stage sample; error, rms_error, z (against the truth); best (of training).\n"
      ":high or :low says which end is the better one");
  add("baseline", texts(), "path=value: the difference of every row to the one with this value");
  add("truth", texts(),
      "label of an estimate, METRIC=NUMBER, or path=value of a row; may be given again (default: "
      "an exact estimate of the same cell)");
  add("only", texts(), "path=value: leave out all other cells");
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
  const auto list = [&](const char* name) {
    return (*values)[name].as<std::vector<std::string>>();
  };
  ComparisonRequest request{.folders = {},
                            .by = list("by"),
                            .metrics = list("metric"),
                            .truths = list("truth"),
                            .baseline = list("baseline"),
                            .only = list("only")};
  for (const std::string& folder : words(*values)) request.folders.emplace_back(folder);
  const Comparison table = compare(request);
  std::printf("%s", text_of(table, format).c_str());
  // A file of numbers has no place for sentences.
  if (format == "csv")
    for (const std::string& note : table.notes) std::fprintf(stderr, "%s\n", note.c_str());
  return 0;
}

}  // namespace gibbsite
