// What the HDF5 writer and reader share: owned identifiers, types, and the library's reasons.
#pragma once

#include <hdf5.h>

#include <string>
#include <utility>

#include "gibbsite/io/hdf5.hpp"

namespace gibbsite {

/// Owns an HDF5 identifier together with the function that closes it.
class Handle {
 public:
  Handle() = default;
  Handle(hid_t id, herr_t (*closer)(hid_t)) : id_(id), close_(closer) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  operator hid_t() const { return id_; }
  /// Closes now and says whether that worked: a full disk may show only here.
  bool close() { return id_ < 0 || close_(std::exchange(id_, -1)) >= 0; }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

/// Quiet errors and no filter plugins; to be called before anything else.
void prepare_library();
/// The library's deepest reason for the last failure.
std::string library_reason();
/// The type of `type` in memory.
hid_t native(Stored type);
/// How `elements` are read or written: with room to convert no more than these. By itself the
/// library zeroes a megabyte for every call whose types differ.
Handle transfer(std::size_t elements);
/// Variable-length UTF-8 text.
Handle text_type();

}  // namespace gibbsite
