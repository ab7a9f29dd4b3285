#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string_view>

#include "gibbsite/api/lattice.hpp"

namespace gibbsite {
namespace {

constexpr std::uintmax_t most_bytes = std::uintmax_t{1} << 30;
constexpr std::int64_t most_sites = 10'000'000;

std::ifstream open(const std::string& path) {
  std::error_code fault;
  if (!std::filesystem::exists(path, fault)) throw Error(path + ": no such file");
  if (!std::filesystem::is_regular_file(path, fault))
    throw Error(path + ": must be a regular file");
  const auto bytes = std::filesystem::file_size(path, fault);
  if (!fault && bytes > most_bytes)
    throw Error(path + ": must have at most 2^30 bytes, got " + std::to_string(bytes));
  std::ifstream file(path, std::ios::binary);
  if (fault || !file) throw Error(path + ": cannot be opened for reading");
  return file;
}

// What a reader of messages should see of a value: short, without control characters.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, 40));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = '?';
  return "'" + out + (text.size() > 40 ? "...'" : "'");
}

// The values of a line: one comma, or spaces and tabs alone, between each two.
std::vector<std::string_view> split(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const std::string_view blanks = " \t\r";
  std::vector<std::string_view> values;
  bool expected = false;  // a comma asks for a value
  while (true) {
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    if (line.empty() && !expected) return values;
    const auto value = line.substr(0, line.find_first_of(" \t\r,"));
    values.push_back(value);
    line.remove_prefix(value.size());
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    expected = line.starts_with(',');
    if (expected) line.remove_prefix(1);
  }
}

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

// The bond of one line; `place` is what its messages begin with.
Bond read_bond(const std::string& place, const std::vector<std::string_view>& values) {
  if (values.size() != 2 && values.size() != 3)
    throw Error(place + "must have two sites and perhaps a factor, got " +
                std::to_string(values.size()) + (values.size() == 1 ? " value" : " values"));
  Bond bond;
  for (const std::size_t end : {std::size_t{0}, std::size_t{1}}) {
    const auto site = number<std::int64_t>(values[end]);
    if (!site || *site < 0 || *site >= most_sites)
      throw Error(place + "a site must be an integer in [0, 10^7), got " + shown(values[end]));
    (end == 0 ? bond.first : bond.second) = Index(*site);
  }
  if (bond.first == bond.second)
    throw Error(place + "a bond must join two different sites, got " + shown(values[0]) + " twice");
  if (values.size() == 3) {
    const auto factor = number<double>(values[2]);
    if (!factor || !std::isfinite(Real(*factor)))
      throw Error(place + "the factor must be a finite number, got " + shown(values[2]));
    bond.factor = *factor;
  }
  return bond;
}

}  // namespace

Lattice read_edges(const std::string& path) {
  std::ifstream file = open(path);
  Lattice lattice;
  std::map<std::pair<Index, Index>, Index> seen;  // pair -> line
  std::string line;
  for (Index row = 1; std::getline(file, line); ++row) {
    if (row == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);  // byte order mark
    const auto values = split(line);
    if (values.empty()) continue;
    const std::string place = path + ":" + std::to_string(row) + ": ";
    const Bond bond = read_bond(place, values);
    const auto [earlier, is_new] = seen.try_emplace(std::minmax(bond.first, bond.second), row);
    if (!is_new)
      throw Error(place + "sites " + std::to_string(bond.first) + " and " +
                  std::to_string(bond.second) + " were joined before, on line " +
                  std::to_string(earlier->second) + " (each bond once)");
    lattice.bonds.push_back(bond);
    lattice.sites = std::max({lattice.sites, bond.first + 1, bond.second + 1});
  }
  if (file.bad()) throw StorageError(path + ": cannot be read to its end");
  if (lattice.bonds.empty()) throw Error(path + ": must have at least one bond, got none");
  return lattice;
}

}  // namespace gibbsite
