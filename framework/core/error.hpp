// The one error type, for what a user can repair.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "gibbsite/core/types.hpp"

namespace gibbsite {

/// A fault in what the user gave: spec, data, file or plugin. The message reads
/// `place: subject: rule, got value (did you mean / known: ...)`, one line per fault.
class GIBBSITE_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Storage failed or a stored file is damaged; the command ends with exit code 3.
class GIBBSITE_API StorageError : public Error {
 public:
  using Error::Error;
};

/// The user or the system asked to stop; everything up to the last checkpoint is kept.
class GIBBSITE_API Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

/// A number left the finite range inside a computation (energy, parameter): the cell stops
/// with status `diverged` and keeps its last finite checkpoint.
class GIBBSITE_API Diverged : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The ending of an "unknown name" message: ` (did you mean 'x'; known: a, b)`, with the hint
/// only where a known name is at most two edits away.
GIBBSITE_API std::string known_names(std::string_view got, const std::vector<std::string>& known);

/// The items in one line with `separator` between them.
GIBBSITE_API std::string join(const std::vector<std::string>& items,
                              std::string_view separator = ", ");

/// The shortest decimal text that reads back as the same number, whatever the locale.
GIBBSITE_API std::string number_text(double value);

}  // namespace gibbsite
