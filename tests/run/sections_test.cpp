#include "gibbsite/run/sections.hpp"

#include <set>

#include "support/make.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("no parameter of a plugin has the name of one that the host adds to its kind") {
  for (const Entry& entry : registry().entries()) {
    Describer own, common;
    entry.fields(own);
    common_fields(entry.kind, common);
    std::set<std::string> names = {"name"};
    for (const Describer* fields : {&own, &common})
      for (const auto& item : fields->items()) {
        CAPTURE(entry.name);
        CAPTURE(item.field.name);
        CHECK(names.insert(item.field.name).second);
      }
  }
}
