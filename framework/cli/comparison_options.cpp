#include "gibbsite/cli/comparison_options.hpp"

#include "gibbsite/cli/command.hpp"

namespace gibbsite {

namespace po = boost::program_options;

po::options_description comparison_options() {
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
  return options;
}

ComparisonRequest comparison_request(const po::variables_map& values) {
  const auto list = [&](const char* name) { return values[name].as<std::vector<std::string>>(); };
  ComparisonRequest request{.folders = {},
                            .by = list("by"),
                            .metrics = list("metric"),
                            .truths = list("truth"),
                            .baseline = list("baseline"),
                            .only = list("only")};
  for (const std::string& folder : words(values)) request.folders.emplace_back(folder);
  return request;
}

}  // namespace gibbsite
