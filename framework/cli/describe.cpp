// list, help and schema: asked of an engine, which may load plugins.
#include <cstdio>
#include <iostream>

#include "gibbsite/cli/command.hpp"
#include "gibbsite/run/process.hpp"

namespace gibbsite {
namespace {

namespace po = boost::program_options;

int ask_engine(const Command& self, const Arguments& arguments, int least, int most, bool json,
               po::options_description options = po::options_description("options")) {
  if (json) options.add_options()("json", "as JSON");
  const auto values = parse_arguments(self, arguments, options, least, most);
  if (!values) return 0;
  std::vector<std::string> request = {self.name};
  for (const std::string& word : words(*values)) request.push_back(word);
  for (const std::string flag : {"json", "plugins"})
    if (values->contains(flag)) request.push_back("--" + flag);
  const EngineOutput output = run_engine("double", request);
  if (output.signal != 0)
    throw Error("plugin refused: the engine ended by " + signal_text(output.signal));
  std::fwrite(output.text.data(), 1, output.text.size(), stdout);
  return output.exit_code;
}

}  // namespace

int list_command(const Command& self, const Arguments& arguments) {
  po::options_description options("options");
  options.add_options()("plugins", "every module instead: its file, or why it is refused");
  return ask_engine(self, arguments, 0, 1, true, options);
}

int help_command(const Command& self, const Arguments& arguments) {
  if (arguments.empty()) {
    std::cout << "gibbsite --help lists the commands; gibbsite list the plugins; gibbsite help "
                 "KIND NAME explains one\n";
    return 0;
  }
  return ask_engine(self, arguments, 2, 2, true);
}

int docs_command(const Command& self, const Arguments& arguments) {
  po::options_description options("options");
  options.add_options()("out,o", po::value<std::string>(), "the folder to write into");
  const auto values = parse_arguments(self, arguments, options, 0, 0);
  if (!values) return 0;
  if (!values->contains("out")) throw Error("docs: needs a folder to write into: -o DIR");
  const EngineOutput output = run_engine("double", {"docs", (*values)["out"].as<std::string>()});
  if (output.signal != 0)
    throw Error("plugin refused: the engine ended by " + signal_text(output.signal));
  std::fwrite(output.text.data(), 1, output.text.size(), stdout);
  return output.exit_code;
}

int schema_command(const Command& self, const Arguments& arguments) {
  return ask_engine(self, arguments, 0, 0, false);
}

}  // namespace gibbsite
