#include "gibbsite/conformance/memory_checks.hpp"

#include <malloc.h>

#include <algorithm>
#include <limits>

namespace gibbsite {
namespace {

double bytes_in_use() {
  const struct mallinfo2 now = ::mallinfo2();
  return double(now.uordblks) + double(now.hblkhd);
}

}  // namespace

Sentences leak_faults(const std::function<void()>& work) {
  constexpr int calls = 50;
  for (int n = 0; n < 10; ++n) work();
  double least = std::numeric_limits<double>::infinity();
  for (int window = 0; window < 3; ++window) {
    const double before = bytes_in_use();
    for (int n = 0; n < calls; ++n) work();
    least = std::min(least, (bytes_in_use() - before) / calls);
  }
  if (least < 8) return {};
  return {"it leaks: every call keeps " + std::to_string(std::int64_t(least)) +
          " bytes more (what grows with the calls belongs into Chains, or is to be freed)"};
}

}  // namespace gibbsite
