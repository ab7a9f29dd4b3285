#include "gibbsite/io/hdf5_handle.hpp"

#include <algorithm>

namespace gibbsite {
namespace {

herr_t keep_deepest(unsigned depth, const H5E_error2_t* error, void* text) {
  if (depth == 0 || static_cast<std::string*>(text)->empty())
    *static_cast<std::string*>(text) = error->desc;
  return 0;
}

}  // namespace

std::string library_reason() {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_deepest, &text);
  return text.empty() ? "HDF5 gives no reason" : text;
}

void prepare_library() {
  static const bool once = [] {
    H5open();
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    H5PLset_loading_state(0);  // a filter plugin from HDF5_PLUGIN_PATH would run foreign code
    return true;
  }();
  (void)once;
}

hid_t native(Stored type) {
  switch (type) {
    case Stored::float32:
      return H5T_NATIVE_FLOAT;
    case Stored::float64:
      return H5T_NATIVE_DOUBLE;
    case Stored::uint8:
      return H5T_NATIVE_UINT8;
    case Stored::int32:
      return H5T_NATIVE_INT32;
    case Stored::int64:
      return H5T_NATIVE_INT64;
    case Stored::int8:
    case Stored::boolean:
      break;
  }
  return H5T_NATIVE_INT8;
}

Handle transfer(std::size_t elements) {
  constexpr std::size_t largest_element = 16, most = 1 << 20;  // a text's place; the default
  Handle list(H5Pcreate(H5P_DATASET_XFER), H5Pclose);
  const std::size_t room = std::clamp<std::size_t>(elements, 1, most / largest_element);
  H5Pset_buffer(list, room * largest_element, nullptr, nullptr);
  return list;
}

Handle text_type() {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

std::size_t size_of(Stored type) {
  switch (type) {
    case Stored::float64:
    case Stored::int64:
      return 8;
    case Stored::float32:
    case Stored::int32:
      return 4;
    case Stored::int8:
    case Stored::uint8:
    case Stored::boolean:
      break;
  }
  return 1;
}

}  // namespace gibbsite
