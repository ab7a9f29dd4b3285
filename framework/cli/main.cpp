// gibbsite: plans, starts and watches; never loads third-party code itself.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "gibbsite/cli/command.hpp"
#include "gibbsite/cli/launches.hpp"
#include "gibbsite/core/kernels.hpp"
#include "gibbsite/io/provenance.hpp"
#include "gibbsite/run/process.hpp"
#include "gibbsite/version.hpp"

namespace gibbsite {
namespace {

const Command commands[] = {
    {"run", "run SPEC",
     "run every cell of a spec's grid; finished cells are kept, interrupted ones resumed",
     run_command},
    {"check", "check SPEC", "read and build every cell, run none", check_command},
    {"list", "list [KIND]", "what is registered, with capabilities", list_command},
    {"help", "help [KIND NAME]", "a plugin's parameters, defaults, rules and reference",
     help_command},
    {"schema", "schema", "JSON Schema of the spec with every registered plugin", schema_command},
    {"docs", "docs -o DIR", "a static HTML reference of every registered plugin", docs_command},
    {"diagnose", "diagnose FILE|DIR...",
     "what is wrong with chains, kernels, estimates and training, in sentences", diagnose_command},
    {"compare", "compare DIR...",
     "table of all cells: means and intervals over seeds, costs, errors, differences, the best",
     compare_command},
    {"report", "report DIR...",
     "one HTML page of a run: question, table, interactive plots, failures, provenance",
     report_command},
    {"plot", "plot DIR... --metric PATH -o FILE",
     "a figure for papers (SVG, PDF, PNG): metrics with intervals against what varies",
     plot_command},
    {"images", "images FILE -o FILE",
     "samples, filters and completed images of a result as one picture (PNG, SVG, PDF)",
     images_command},
    {"status", "status DIR", "cells done, running, failed and left", status_command},
    {"work", "work DIR", "run cells of a planned folder, beside other workers", work_command},
    {"cancel", "cancel DIR", "take workers out of the queue, and stop those at work",
     cancel_command},
    {"pack", "pack DIR", "move finished small cells into one file, which every command reads",
     pack_command},
    {"plugin", "plugin STEP", "make, compile or examine a plugin of your own: new, build, test",
     plugin_command},
    {"test", "test [NAME]...", "the project's tests, from a build tree", test_command},
};

void print_usage() {
  std::printf("usage: gibbsite COMMAND [ARGUMENTS] [--help]\n\n");
  for (const Command& command : commands)
    std::printf("  %-18s %s\n", command.usage, command.summary);
  std::printf("\n  --version          version, commit, compiler, engines and instruction set\n");
}

int print_version() {
  std::printf("gibbsite %s\ncommit %s\ncompiler %s (%s)\ninstruction set %s\n", GIBBSITE_VERSION,
              git_commit().c_str(), compiler().c_str(), compiler_flags().c_str(),
              std::string(instruction_set()).c_str());
  for (const char* precision : {"single", "double"}) {
    const auto engine = engine_path(precision);
    std::printf("engine %s: %s\n", precision,
                std::filesystem::exists(engine) ? engine.c_str() : "not installed");
  }
  return 0;
}

int dispatch(Arguments arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h") {
    print_usage();
    return arguments.empty() ? 2 : 0;
  }
  if (arguments[0] == "--version") return print_version();
  const std::string name = arguments[0];
  arguments.erase(arguments.begin());
  std::vector<std::string> known;
  for (const Command& command : commands) {
    if (name == command.name) return command.run(command, arguments);
    known.emplace_back(command.name);
  }
  throw Error("unknown command '" + name + "'" + known_names(name, known));
}

// A closed descriptor 0, 1 or 2 would be given to the next file, and messages written into it.
void open_descriptors() {
  for (const int file : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(file, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) != file) std::_Exit(3);
}

}  // namespace
}  // namespace gibbsite

int main(int count, char** words) {
  const auto complain = [](const char* text) {
    if (*text != '\0') std::fprintf(stderr, "%s\n", text);
  };
  gibbsite::open_descriptors();
  try {
    return gibbsite::dispatch({words + 1, words + count});
  } catch (const gibbsite::StorageError& fault) {
    complain(fault.what());
    std::fflush(nullptr);
    std::_Exit(3);
  } catch (const gibbsite::Error& fault) {
    complain(fault.what());
    return 2;
  } catch (const std::exception& fault) {
    complain(fault.what());
    return 1;
  }
}
