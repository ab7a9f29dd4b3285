#include "gibbsite/cli/command.hpp"

#include <iostream>

namespace gibbsite {

namespace po = boost::program_options;

std::optional<po::variables_map> parse_arguments(const Command& command, const Arguments& arguments,
                                                 po::options_description options, int positionals,
                                                 int most_positionals) {
  options.add_options()("help,h", "this text");
  po::options_description all = options;
  all.add_options()("word", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("word", -1);
  po::variables_map values;
  try {
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    po::store(
        po::command_line_parser(arguments).options(all).positional(positional).style(style).run(),
        values);
    po::notify(values);
  } catch (const po::error& fault) {
    throw Error(std::string(command.name) + ": " + fault.what() + " (see gibbsite " + command.name +
                " --help)");
  }
  if (values.contains("help")) {
    std::cout << "usage: gibbsite " << command.usage << "\n\n"
              << command.summary << "\n\n"
              << options;
    return {};
  }
  const auto count = int(words(values).size());
  if (count < positionals || count > most_positionals)
    throw Error(std::string("usage: gibbsite ") + command.usage + " (see --help)");
  return values;
}

std::vector<std::string> words(const po::variables_map& values) {
  return values.contains("word") ? values["word"].as<std::vector<std::string>>()
                                 : std::vector<std::string>{};
}

}  // namespace gibbsite
