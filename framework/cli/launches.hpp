// The commands beside `run` that have to do with workers started elsewhere.
#pragma once

#include "gibbsite/cli/command.hpp"

namespace gibbsite {

int work_command(const Command&, const Arguments&);
int cancel_command(const Command&, const Arguments&);

}  // namespace gibbsite
