// What one core of this machine can do at best, measured when first asked for.
#pragma once

#include <cstddef>

namespace limits {

/// Floating-point operations per second of multiply-adds on registers, of numbers of type R (float
/// or double).
template <class R>
double arithmetic();

/// Bytes per second that can be read from a buffer of this size, again and again.
double reading(std::size_t bytes);

/// Products of two 32-bit numbers, 64 bits long, per second.
double products();

}  // namespace limits
