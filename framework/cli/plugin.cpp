#include "gibbsite/cli/plugin.hpp"

#include <cstdio>
#include <filesystem>

#include "gibbsite/io/compiler.hpp"
#include "gibbsite/io/files.hpp"

namespace gibbsite {
namespace {

const Command steps[] = {
    {"plugin new", "plugin new KIND NAME",
     "a folder with a plugin that works, a spec that uses it, and what builds it", plugin_new},
    {"plugin build", "plugin build FILE.cpp",
     "compile a plugin with the compiler and flags of this program", plugin_build},
    {"plugin test", "plugin test FILE",
     "examine a plugin (.cpp or .so): is it right, and how fast, in sentences", plugin_test},
};

void print_usage() {
  std::printf("usage: gibbsite plugin STEP [ARGUMENTS] [--help]\n\n");
  for (const Command& step : steps) std::printf("  %-22s %s\n", step.usage, step.summary);
}

}  // namespace

int plugin_command(const Command&, const Arguments& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h") {
    print_usage();
    return arguments.empty() ? 2 : 0;
  }
  std::vector<std::string> known;
  for (const Command& step : steps) {
    known.emplace_back(std::string(step.name).substr(7));
    if (arguments[0] == known.back())
      return step.run(step, {arguments.begin() + 1, arguments.end()});
  }
  throw Error("unknown step 'plugin " + arguments[0] + "'" + known_names(arguments[0], known));
}

int plugin_build(const Command& self, const Arguments& arguments) {
  namespace po = boost::program_options;
  namespace fs = std::filesystem;
  po::options_description options("options");
  options.add_options()("out,o", po::value<std::string>(),
                        "the module to make (default: FILE.so beside the source)")(
      "precision", po::value<std::string>()->default_value("double"), "double or single")(
      "all-messages", "the compiler's messages in full, not those of this file alone");
  const auto values = parse_arguments(self, arguments, options, 1, 1);
  if (!values) return 0;
  const fs::path source = words(*values)[0];
  const std::string precision = (*values)["precision"].as<std::string>();
  if (precision != "double" && precision != "single")
    throw Error("--precision: must be double or single, got '" + precision + "'");
  if (source.extension() != ".cpp")
    throw Error("plugin build: must be a source file (.cpp), got '" + source.string() + "'");
  fs::path module = source;
  module.replace_extension(".so");
  if (values->contains("out")) module = (*values)["out"].as<std::string>();
  if (module.has_parent_path()) make_folder(module.parent_path());
  const std::string warnings =
      compile_plugin(source, precision, module, values->contains("all-messages"));
  std::fputs(warnings.c_str(), stderr);
  std::printf("%s\n", module.c_str());
  return 0;
}

}  // namespace gibbsite
