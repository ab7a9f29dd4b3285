#include "gibbsite/io/plugin_source.hpp"

#include <regex>
#include <set>
#include <sstream>

#include "gibbsite/io/files.hpp"
#include "gibbsite/io/provenance.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;

// Adds the file and, once each, what it includes by quotes and lies beside it.
void collect(const fs::path& file, std::set<fs::path>& seen, std::string& all) {
  if (!seen.insert(file).second) return;
  const std::string text = read_file(file);
  all += file.filename().string() + '\n' + std::to_string(text.size()) + '\n' + text;
  static const std::regex include(R"(^[ \t]*#[ \t]*include[ \t]*"([^"\n]+)\")",
                                  std::regex::multiline | std::regex::optimize);
  for (std::sregex_iterator at(text.begin(), text.end(), include), end; at != end; ++at) {
    const fs::path other = (file.parent_path() / (*at)[1].str()).lexically_normal();
    if (fs::is_regular_file(other)) collect(other, seen, all);
  }
}

}  // namespace

std::string source_digest(const fs::path& source) {
  std::set<fs::path> seen;
  std::string all;
  collect(fs::absolute(source).lexically_normal(), seen, all);
  return sha256(all);
}

std::string head_comment(const fs::path& source) {
  std::istringstream lines(read_file(source));
  std::string comment;
  for (std::string line; std::getline(lines, line) && line.starts_with("//");)
    comment += line.substr(line.starts_with("// ") ? 3 : 2) + '\n';
  return comment;
}

}  // namespace gibbsite
