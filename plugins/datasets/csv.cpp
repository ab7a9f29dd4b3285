// Numbers in a text file (RFC 4180 without quotes): a configuration per line, commas between
// values.
//   line n:  x_n1,x_n2,…,x_nd  (and the class y_n, where a column is its own)
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

constexpr std::uintmax_t most_bytes = std::uintmax_t{1} << 30;

// What a reader of messages should see of a value: short, one line, no control characters.
std::string shown(std::string_view text) {
  std::string out(text.substr(0, 40));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 32 || c == 127) c = '?';
  return "'" + out + (text.size() > 40 ? "...'" : "'");
}

// The values of one line, without the spaces around them.
std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> values;
  while (true) {
    const auto comma = line.find(',');
    std::string_view value = line.substr(0, comma);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
      value.remove_prefix(1);
    values.push_back(value);
    if (comma == std::string_view::npos) return values;
    line.remove_prefix(comma + 1);
  }
}

// The whole of `text` as a number of type T.
template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

class Csv final : public Dataset {
 public:
  struct Params {
    std::string path, label_column = "none";
    bool header = false;
    std::vector<double> range;

    void fields(Fields& f) {
      f.file("path", path, "the file: finite numbers, one configuration per line",
             {.required = true});
      f.choice("label_column", label_column, {"first", "last", "none"},
               "the column that holds class numbers, integers >= 0");
      f.flag("header", header, "whether the first line names the columns");
      f.reals("range", range,
              "least and greatest value that image data can have, to be scaled to "
              "[0, 1]; values outside are refused",
              {.unset = "values are taken as they are"});
    }
  };

  Csv(const Params& p, const Context& c) {
    if (!p.range.empty() && (p.range.size() != 2 || !(p.range[0] < p.range[1])))
      throw Error(c.subject + ": range: must be two values, the lesser one first");
    if (!p.range.empty()) range_ = {p.range[0], p.range[1]};
    std::ifstream file = open(p.path);
    std::string line;
    for (Index row = 1; std::getline(file, line); ++row) {
      if (row == 1 && line.starts_with("\xEF\xBB\xBF")) line.erase(0, 3);  // byte order mark
      if (line.ends_with('\r')) line.pop_back();
      read(p, p.path + ":" + std::to_string(row) + ": ", split(line), p.header && row == 1);
    }
    if (file.bad()) throw StorageError(p.path + ": cannot be read to its end");
    if (values_.empty()) throw Error(p.path + ": must have at least one row of numbers, got none");
  }

  Index size() const override { return Index(values_.size()) / width_; }
  Index dim() const override { return width_; }
  std::vector<int> labels() const override { return labels_; }
  std::pair<double, double> range() const override { return range_; }

  void columns(std::span<const Index> indices, Stream, Eigen::Ref<Batch> out) const override {
    for (Index k = 0; k < out.cols(); ++k)
      out.col(k) =
          Eigen::Map<const Vector>(values_.data() + indices[std::size_t(k)] * width_, width_);
  }

 private:
  static std::ifstream open(const std::string& path) {
    std::error_code fault;
    const auto status = std::filesystem::status(path, fault);
    if (!std::filesystem::exists(status)) throw Error(path + ": no such file");
    if (!std::filesystem::is_regular_file(status))
      throw Error(path + ": must be a regular file, got " +
                  (std::filesystem::is_directory(status) ? "a directory" : "a device or pipe"));
    const auto bytes = std::filesystem::file_size(path, fault);
    if (!fault && bytes > most_bytes)
      throw Error(path + ": must have at most 2^30 bytes, got " + std::to_string(bytes));
    std::ifstream file(path, std::ios::binary);
    if (fault || !file) throw Error(path + ": cannot be opened for reading");
    return file;
  }

  void read(const Params& p, const std::string& place, std::vector<std::string_view> row,
            bool names) {
    const Index columns = Index(row.size()), labels = p.label_column == "none" ? 0 : 1;
    if (width_ == 0) width_ = columns - labels;
    if (width_ == 0) throw Error(place + "must have a value besides the label, got 1 column");
    if (columns != width_ + labels)
      throw Error(place + "must have " + std::to_string(width_ + labels) +
                  " columns like the lines above, got " + std::to_string(columns));
    if (names) return;
    for (Index k = 0; k < columns; ++k) {
      const std::string_view text = row[std::size_t(k)];
      const auto refuse = [&](const std::string& rule) {
        throw Error(place + "column " + std::to_string(k + 1) + ": " + rule + ", got " +
                    shown(text));
      };
      if (labels == 1 && k == (p.label_column == "first" ? 0 : columns - 1)) {
        const auto label = number<int>(text);
        if (!label || *label < 0) refuse("must be a class number (an integer >= 0)");
        labels_.push_back(*label);
        continue;
      }
      const auto value = number<double>(text);
      if (!value || !std::isfinite(Real(*value))) refuse("must be a finite number");
      if (range_.first < range_.second && (*value < range_.first || *value > range_.second))
        refuse("must be in [" + number_text(range_.first) + ", " + number_text(range_.second) +
               "]");
      values_.push_back(Real(*value));
    }
  }

  std::vector<Real> values_;  ///< one configuration after the other
  std::vector<int> labels_;
  Index width_ = 0;
  std::pair<double, double> range_ = {0, 0};
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Csv>("csv", "numbers in a text file, a configuration per line",
                    "Shafranovich 2005, RFC 4180");
}
