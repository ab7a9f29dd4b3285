// Options of the commands that compare cells.
#pragma once

#include <boost/program_options.hpp>

#include "gibbsite/run/comparison.hpp"

namespace gibbsite {

/// --by, --metric, --baseline, --truth and --only.
boost::program_options::options_description comparison_options();

/// What they ask for, of the folders among the words.
ComparisonRequest comparison_request(const boost::program_options::variables_map& values);

}  // namespace gibbsite
