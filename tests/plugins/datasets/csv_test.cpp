#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/make.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// A file that is gone when the test ends.
class Scratch {
 public:
  explicit Scratch(const std::string& content) {
    static int number = 0;
    path_ = std::filesystem::temp_directory_path() / ("gibbsite-csv-" + std::to_string(::getpid()) +
                                                      "-" + std::to_string(number++) + ".csv");
    std::ofstream(path_, std::ios::binary) << content;
  }
  ~Scratch() { std::filesystem::remove(path_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string path() const { return path_.string(); }
  std::unique_ptr<Dataset> read(const std::string& options = "") const {
    return make_dataset("{name: csv, path: '" + path() + "'" + options + "}");
  }
  // What reading is refused with, behind the file's name.
  std::string refusal(const std::string& options = "") const {
    const std::string text = error_of([&] { read(options); });
    return text.starts_with(path()) ? text.substr(path().size()) : text;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE(
    "csv reads rows as configurations, with spaces, Windows line ends and a byte order mark") {
  const Scratch file(
      "\xEF\xBB\xBF"
      "1,2.5, -3e2\r\n4,\t5 ,6\r\n");
  const auto dataset = file.read();
  Batch truth(3, 2);
  truth << 1, 4, 2.5, 5, -300, 6;
  CHECK(dataset->all(Stream(0)) == truth);
  CHECK(dataset->labels().empty());
  CHECK(dataset->range() == std::pair<double, double>(0, 0));
}

TEST_CASE("csv takes labels from the first or last column and skips a header") {
  const Scratch file("a,b,class\n1,2,7\n3,4,0\n");
  const auto last = file.read(", header: true, label_column: last");
  CHECK(last->labels() == std::vector<int>{7, 0});
  CHECK(last->dim() == 2);
  CHECK(last->all(Stream(0))(1, 1) == 4);
  const auto first = file.read(", header: true, label_column: first");
  CHECK(first->labels() == std::vector<int>{1, 3});
  CHECK(first->all(Stream(0))(1, 0) == 7);
}

TEST_CASE("csv reads the digits as the digits dataset has them") {
  const auto file =
      make_dataset("{name: csv, path: '" GIBBSITE_SOURCE
                   "/experiments/data/digits.csv', label_column: last, range: [0, 16]}");
  const auto digits = make_dataset("digits");
  CHECK(file->all(Stream(0)) == digits->all(Stream(0)));
  CHECK(file->labels() == digits->labels());
  CHECK(file->range() == digits->range());
}

TEST_CASE("csv names line and column of every value that is no finite number") {
  CHECK(Scratch("1,2\n3,x\n").refusal() == ":2: column 2: must be a finite number, got 'x'");
  CHECK(Scratch("1,nan\n").refusal() == ":1: column 2: must be a finite number, got 'nan'");
  CHECK(Scratch("inf,2\n").refusal() == ":1: column 1: must be a finite number, got 'inf'");
  CHECK(Scratch("1e999\n").refusal() == ":1: column 1: must be a finite number, got '1e999'");
  CHECK(Scratch("1,2\n1,\n").refusal() == ":2: column 2: must be a finite number, got ''");
  CHECK(Scratch("1 2\n").refusal() == ":1: column 1: must be a finite number, got '1 2'");
  CHECK(Scratch("0x10\n").refusal() == ":1: column 1: must be a finite number, got '0x10'");
  CHECK(Scratch("a,b\n1,2\n").refusal() == ":1: column 1: must be a finite number, got 'a'");
  CHECK(Scratch(std::string("1,\0\x1b[31m\n", 9)).refusal() ==
        ":1: column 2: must be a finite number, got '??[31m'");
  CHECK(Scratch(std::string(100, 'z')).refusal() ==
        ":1: column 1: must be a finite number, got '" + std::string(40, 'z') + "...'");
}

TEST_CASE("csv refuses rows of unequal width, empty files and odd labels") {
  CHECK(Scratch("1,2\n3\n").refusal() == ":2: must have 2 columns like the lines above, got 1");
  CHECK(Scratch("a,b\n3\n").refusal(", header: true") ==
        ":2: must have 2 columns like the lines above, got 1");
  CHECK(Scratch("1,2\n\n3,4\n").refusal() == ":2: must have 2 columns like the lines above, got 1");
  CHECK(Scratch("").refusal() == ": must have at least one row of numbers, got none");
  CHECK(Scratch("a,b\n").refusal(", header: true") ==
        ": must have at least one row of numbers, got none");
  CHECK(Scratch("1,2.5\n").refusal(", label_column: last") ==
        ":1: column 2: must be a class number (an integer >= 0), got '2.5'");
  CHECK(Scratch("-1,2\n").refusal(", label_column: first") ==
        ":1: column 1: must be a class number (an integer >= 0), got '-1'");
  CHECK(Scratch("1\n").refusal(", label_column: last") ==
        ":1: must have a value besides the label, got 1 column");
}

TEST_CASE("csv refuses values outside the range it was given, and odd ranges") {
  const Scratch file("0,255\n256,1\n");
  CHECK(file.refusal(", range: [0, 255]") == ":2: column 1: must be in [0, 255], got '256'");
  CHECK(file.read(", range: [0, 256]")->range() == std::pair<double, double>(0, 256));
  CHECK(file.refusal(", range: [1, 1]") ==
        "dataset csv: range: must be two values, the lesser one first");
  CHECK(file.refusal(", range: [1]") ==
        "dataset csv: range: must be two values, the lesser one first");
}

TEST_CASE("csv refuses what is no regular file of reasonable size") {
  CHECK(error_of([] { make_dataset("{name: csv, path: /nowhere/at/all.csv}"); }) ==
        "/nowhere/at/all.csv: no such file");
  CHECK(error_of([] { make_dataset("{name: csv, path: /tmp}"); }) ==
        "/tmp: must be a regular file, got a directory");
  CHECK(error_of([] { make_dataset("{name: csv, path: /dev/zero}"); }) ==
        "/dev/zero: must be a regular file, got a device or pipe");
  const Scratch large("1\n");
  std::filesystem::resize_file(large.path(), (std::uintmax_t{1} << 30) + 1);  // sparse
  CHECK(large.refusal() == ": must have at most 2^30 bytes, got 1073741825");
  CHECK(error_of([] { make_dataset("{name: csv}"); }).find("path: is required") !=
        std::string::npos);
}
