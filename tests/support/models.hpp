// The models of framework/conformance, for tests that examine by hand.
#pragma once

#include <gibbsite/conformance/models.hpp>
#include <gibbsite/conformance/stationarity.hpp>
#include <gibbsite/plugin.hpp>

namespace gibbsite::test {

using gibbsite::HalfNan;
using gibbsite::state_number;
using gibbsite::TableModel;
using gibbsite::WatchedModel;

}  // namespace gibbsite::test
