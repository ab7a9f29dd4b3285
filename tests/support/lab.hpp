// A spec, its undisturbed results, and runs of it that are disturbed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "support/program.hpp"

namespace gibbsite::test {

/// Whether the long forms of sweeps are asked for (GIBBSITE_LONG_TESTS in the environment).
bool long_tests();

/// Runs of one spec in folders of their own.
class Lab {
 public:
  explicit Lab(const std::string& spec);
  /// The words of `run` with results in `out`.
  std::vector<std::string> words(const std::string& out,
                                 const std::vector<std::string>& more = {}) const;
  Ending run(const std::string& out, const std::vector<std::string>& more = {},
             const Environment& environment = {}) const;
  std::map<std::string, std::string> results(const std::string& out) const;
  /// The results of a run that nobody disturbed.
  const std::map<std::string, std::string>& reference() const;
  /// Runs `out` to its end; whether it then has what the undisturbed run has.
  bool ends_the_same(const std::string& out) const;
  /// Waits until a cell of `out` has a checkpoint; false where the process ended before.
  bool works(Process& process, const std::string& out) const;

  TemporaryFolder folder;

 private:
  fs::path file_;
  mutable std::map<std::string, std::string> reference_;
};

/// Makes the `nth` of these calls to the system, on paths with `path` in them, fail in each
/// process.
Environment fault(const std::string& operations, const std::string& path, std::size_t nth,
                  Environment more = {});

}  // namespace gibbsite::test
