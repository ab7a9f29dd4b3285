#include "gibbsite/run/section_tools.hpp"

namespace gibbsite {

Context SectionTools::with_stream(const std::string& purpose) const {
  Context own = context;
  own.random = Stream(seed).split(purpose);
  return own;
}

void SectionTools::guard(const Place& place, const std::string& path,
                         const std::function<void()>& make) const {
  try {
    make();
  } catch (const StorageError&) {
    throw;
  } catch (const Error& fault) {
    faults.add(place, path, fault.what());
  } catch (const std::exception& fault) {
    faults.add(place, path, std::string("cannot be built: ") + fault.what());
  }
}

}  // namespace gibbsite
