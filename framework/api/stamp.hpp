// What must be equal in the host and in a plugin for their objects to mean the same.
#pragma once

#include <Eigen/Core>
#include <string>

#include "gibbsite/core/types.hpp"
#include "gibbsite/version.hpp"

#define GIBBSITE_QUOTE(x) #x
#define GIBBSITE_TEXT(x) GIBBSITE_QUOTE(x)

#if defined(GIBBSITE_SINGLE)
#define GIBBSITE_STAMP_PRECISION "single"
#else
#define GIBBSITE_STAMP_PRECISION "double"
#endif
#if defined(_GLIBCXX_DEBUG)
#define GIBBSITE_STAMP_DEBUG "1"
#else
#define GIBBSITE_STAMP_DEBUG "0"
#endif
#if defined(__FAST_MATH__)
#define GIBBSITE_STAMP_FAST_MATH "1"
#else
#define GIBBSITE_STAMP_FAST_MATH "0"
#endif
#if defined(__SANITIZE_ADDRESS__)
#define GIBBSITE_STAMP_SANITIZER "address"
#elif defined(__SANITIZE_THREAD__)
#define GIBBSITE_STAMP_SANITIZER "thread"
#else
#define GIBBSITE_STAMP_SANITIZER "none"
#endif

/// SDK version, C++ ABI, Eigen version and alignment, precision, and the flags that change
/// layouts or arithmetic, as one text.
#define GIBBSITE_STAMP \
  "gibbsite " GIBBSITE_VERSION "; " GIBBSITE_STAMP_PRECISION                                  \
  "; c++abi " GIBBSITE_TEXT(__GXX_ABI_VERSION) "; cxx11 " GIBBSITE_TEXT(_GLIBCXX_USE_CXX11_ABI) \
  "; glibcxx-debug " GIBBSITE_STAMP_DEBUG "; eigen " GIBBSITE_TEXT(EIGEN_WORLD_VERSION) "."   \
  GIBBSITE_TEXT(EIGEN_MAJOR_VERSION) "." GIBBSITE_TEXT(EIGEN_MINOR_VERSION) " align "         \
  GIBBSITE_TEXT(EIGEN_MAX_ALIGN_BYTES) "/" GIBBSITE_TEXT(EIGEN_MAX_STATIC_ALIGN_BYTES)        \
  "; fast-math " GIBBSITE_STAMP_FAST_MATH "; sanitizer " GIBBSITE_STAMP_SANITIZER

namespace gibbsite {

class Registry;

/// Counts up when the meaning of the entry table itself changes.
inline constexpr unsigned api_version = 1;

/// The table every plugin exports as `gibbsite_plugin`. Plain data: the host reads version and
/// stamp before it calls anything.
struct PluginTable {
  unsigned version;
  const char* stamp;
  void (*enter)(Registry&);
};

}  // namespace gibbsite
