// What an author does with a plugin: `plugin new`, `plugin build`, `plugin test`.
#pragma once

#include "gibbsite/cli/command.hpp"

namespace gibbsite {

int plugin_new(const Command&, const Arguments&);
int plugin_build(const Command&, const Arguments&);
int plugin_test(const Command&, const Arguments&);

}  // namespace gibbsite
