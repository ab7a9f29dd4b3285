#include <unistd.h>

#include <filesystem>

#include "gibbsite/cli/command.hpp"
#include "gibbsite/io/loader.hpp"

namespace gibbsite {

int test_command(const Command& self, const Arguments& arguments) {
  namespace po = boost::program_options;
  po::options_description options("options");
  options.add_options()("slow", "the slow tests too")("static", "clang-tidy over the whole tree")(
      "sanitize", "the tests under the address and thread sanitizers (builds of their own)");
  const auto values = parse_arguments(self, arguments, options, 0, 100);
  if (!values) return 0;
  // <build>/lib/gibbsite/<precision> -> <build>/tests/run
  const auto script = module_folder().parent_path().parent_path().parent_path() / "tests" / "run";
  if (!std::filesystem::exists(script))
    throw Error(
        "test: the tests are part of a build tree; run ./gibbsite test in the source folder");
  std::vector<std::string> line = {script.string()};
  for (const char* flag : {"slow", "static", "sanitize"})
    if (values->contains(flag)) line.push_back(std::string("--") + flag);
  for (const std::string& word : words(*values)) line.push_back(word);
  std::vector<char*> raw;
  for (std::string& word : line) raw.push_back(word.data());
  raw.push_back(nullptr);
  ::execv(script.c_str(), raw.data());
  throw Error(script.string() + ": cannot be started");
}

}  // namespace gibbsite
