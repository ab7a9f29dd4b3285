// TorchScript files to test on, written by PyTorch itself.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace gibbsite::test {

/// The folder that torchscript_files.py has filled, once per process. Where this build has no model
/// torchscript, or python3 no torch: nothing, said once as a skipped test.
std::optional<std::filesystem::path> torchscript_files();

/// Small specs of the model torchscript for the conformance tests; none where there are no files.
std::vector<std::string> torchscript_examples();

}  // namespace gibbsite::test
