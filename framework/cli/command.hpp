// What the commands share: options with help, and the table of commands.
#pragma once

#include <boost/program_options.hpp>
#include <optional>
#include <string>
#include <vector>

#include "gibbsite/core/error.hpp"

namespace gibbsite {

using Arguments = std::vector<std::string>;

/// One command of the program.
struct Command {
  const char* name;
  const char* usage;
  const char* summary;
  int (*run)(const Command& self, const Arguments& arguments);
};

/// Reads `arguments` by `options`; words that are no options go to the option `positional`. Adds
/// --help, prints the help and returns nothing where it is asked for. Throws Error for arguments
/// that do not fit.
std::optional<boost::program_options::variables_map> parse_arguments(
    const Command& command, const Arguments& arguments,
    boost::program_options::options_description options, int positionals, int most_positionals);

/// The positional words after parsing.
std::vector<std::string> words(const boost::program_options::variables_map& values);

int run_command(const Command&, const Arguments&);
int check_command(const Command&, const Arguments&);
int list_command(const Command&, const Arguments&);
int help_command(const Command&, const Arguments&);
int docs_command(const Command&, const Arguments&);
int schema_command(const Command&, const Arguments&);
int status_command(const Command&, const Arguments&);
int pack_command(const Command&, const Arguments&);
int diagnose_command(const Command&, const Arguments&);
int compare_command(const Command&, const Arguments&);
int report_command(const Command&, const Arguments&);
int plot_command(const Command&, const Arguments&);
int images_command(const Command&, const Arguments&);
int plugin_command(const Command&, const Arguments&);
int test_command(const Command&, const Arguments&);

}  // namespace gibbsite
