// The engine of one precision: the only program that loads plugins. The front program starts it
// to check a spec, to run one cell, and to describe what is registered.
#include <fcntl.h>
#include <malloc.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>
#include <new>

#include "gibbsite/api/stamp.hpp"
#include "gibbsite/cli/engine/describe.hpp"
#include "gibbsite/cli/engine/examine.hpp"
#include "gibbsite/io/files.hpp"
#include "gibbsite/io/loader.hpp"
#include "gibbsite/io/yaml.hpp"
#include "gibbsite/run/build_limit.hpp"
#include "gibbsite/run/cell.hpp"
#include "gibbsite/run/grid.hpp"
#include "gibbsite/run/session.hpp"

namespace {

using namespace gibbsite;

std::string precision_of(const Node& spec) {
  const Node* node = spec.find("precision");
  // An unknown precision is left to the double engine, which says what is wrong with it.
  return node != nullptr && node->text == "single" ? "single" : "double";
}

// plan SPEC [path=value]...: prints one line `cell <number> <id> <resolved spec>` per cell of this
// precision, then `made_by {<part>: <identity>, ...}`.
int plan(const std::vector<std::string>& arguments, Registry& registry) {
  constexpr std::size_t most_data_sets = 16;  // that cells share while they are checked
  Faults faults;
  Node spec = read_yaml_file(arguments.at(0));
  for (std::size_t i = 1; i < arguments.size(); ++i) apply_setting(spec, arguments[i], faults);
  faults.raise();
  load_plugins(spec, registry, faults);
  faults.raise();
  const Workers workers(1);
  DataCache cache;
  std::string out = "\n";
  for_each_cell(spec, faults, [&](std::size_t number, const GridCell& cell) {
    if (precision_of(cell.spec) != GIBBSITE_STAMP_PRECISION) return;
    if (cache.size() > most_data_sets) cache.clear();
    const auto built = build_experiment(cell.spec, registry, workers, cache, faults);
    if (built)
      out += "cell " + std::to_string(number) + " " + built->id + " " + to_flow(built->resolved) +
             "\n";
  });
  faults.raise();
  Node made_by = Node::map();
  for (const auto& [part, identity] : makers_of(registry))
    made_by[part] = Node::scalar(identity, true);
  out += "made_by " + to_flow(made_by) + "\n";
  std::fwrite(out.data(), 1, out.size(), stdout);
  return 0;
}

void on_signal(int) { request_stop(); }

void handle_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

// The last word of a process that a signal ends: where the cell was. Then the signal does its work.
void on_crash(int signal) {
  tell_last_step();
  ::raise(signal);
}

void handle_crashes() {
  static char stack[1 << 16];  // that of the program may have overflowed
  stack_t own{};
  own.ss_sp = stack;
  own.ss_size = sizeof stack;
  ::sigaltstack(&own, nullptr);
  struct sigaction action {};
  action.sa_handler = on_crash;
  action.sa_flags = SA_ONSTACK | int(SA_RESETHAND);
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT})
    sigaction(signal, &action, nullptr);
}

// run FOLDER THREADS PROGRESS_FD ATTEMPT
int run(const std::vector<std::string>& arguments, Registry& registry) {
  handle_signals();
  handle_crashes();
  const int progress = std::stoi(arguments.at(2));
  ::fcntl(progress, F_SETFD, FD_CLOEXEC);  // none of a plugin's own programs' business
  Outcome outcome;
  try {
    outcome = run_cell(arguments.at(0), registry, std::stoi(arguments.at(1)), progress,
                       std::stoi(arguments.at(3)));
  } catch (const std::bad_alloc&) {
    tell_last_step();
    throw std::runtime_error("out of memory");
  } catch (...) {
    tell_last_step();
    throw;
  }
  if (!outcome.error.empty())
    std::fprintf(stderr, "%s: %s\n", outcome.status.c_str(), outcome.error.c_str());
  if (outcome.status == "busy") return 75;
  if (outcome.status == "interrupted") return 130;
  return outcome.status == "complete" ? 0 : 1;
}

int dispatch(const std::string& verb, const std::vector<std::string>& arguments) {
  Registry registry;
  load_on_demand(module_folders(), registry);
  if (verb == "plan") return plan(arguments, registry);
  if (verb == "run") return run(arguments, registry);
  if (verb == "examine") return examine_plugin(arguments, registry);
  if (verb == "list" && std::count(arguments.begin(), arguments.end(), "--plugins") > 0)
    return describe(verb, arguments, registry);  // has a limit for each module
  const BuildLimit limit;
  return describe(verb, arguments, registry);
}

}  // namespace

int main(int count, char** words) {
  // Never outlive the program that asked.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // Vectors of θ come and go with every update: their pages stay here between them.
  mallopt(M_MMAP_THRESHOLD, 64 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
  std::vector<std::string> arguments(words + 1, words + count);
  if (arguments.empty()) {
    std::fprintf(stderr, "this program serves 'gibbsite'; run that instead\n");
    return 2;
  }
  const std::string verb = arguments.front();
  arguments.erase(arguments.begin());
  try {
    const int code = dispatch(verb, arguments);
    std::fflush(stdout);
    return code;
  } catch (const StorageError& fault) {
    std::fprintf(stderr, "%s\n", fault.what());
    std::fflush(stderr);
    ::_exit(3);  // HDF5's own exit handlers may crash after a write error
  } catch (const Error& fault) {
    std::fprintf(stderr, "%s\n", fault.what());
    return 2;
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr,
                 "out of memory: use fewer chains or smaller batches; `gibbsite plugin test` looks "
                 "for leaks\n");
    return 1;
  } catch (const std::exception& fault) {
    std::fprintf(stderr, "%s\n", fault.what());
    return 1;
  } catch (...) {
    std::fprintf(stderr, "a plugin threw what is no std::exception\n");
    return 1;
  }
}
