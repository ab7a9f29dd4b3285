// Datasets in the binary files of others: IDX and HDF5.
#include <cmath>
#include <cstdlib>

#include "gibbsite/io/hdf5.hpp"
#include "support/make.hpp"
#include "support/program.hpp"
#include "support/truth.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

// An IDX file of unsigned bytes.
std::string idx(const std::vector<int>& shape, const std::string& bytes, char type = 8) {
  std::string text = {0, 0, type, char(shape.size())};
  for (const int size : shape)
    for (const int shift : {24, 16, 8, 0}) text += char((size >> shift) & 255);
  return text + bytes;
}

const std::string images = idx({2, 2, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, char(255)});

std::unique_ptr<Dataset> read_idx(const fs::path& file, const std::string& more = "") {
  return make_dataset("{name: idx, images: '" + file.string() + "'" + more + "}");
}

std::string idx_refusal(const TemporaryFolder& folder, const std::string& content,
                        const std::string& more = "") {
  const fs::path file = folder.write("x", content);
  const std::string text = error_of([&] { read_idx(file, more); });
  return text.starts_with(file.string()) ? text.substr(file.string().size()) : text;
}

std::unique_ptr<Dataset> read_hdf5(const fs::path& file, const std::string& more) {
  return make_dataset("{name: hdf5, path: '" + file.string() + "', " + more + "}");
}

// 3 configurations of 2 x 2 values with labels, and datasets that are no configurations.
fs::path make_hdf5(const TemporaryFolder& folder) {
  Hdf5Writer writer(folder / "unfinished");
  writer.group("/set");
  for (const auto& [name, size] : {std::pair("n", 3), {"row", 2}, {"column", 2}})
    writer.dimension("/set", name, std::vector<double>(std::size_t(size), 0));
  writer.put("/set", "images", Stored::float32, {"n", "row", "column"},
             {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  writer.put("/set", "flags", Stored::boolean, {"n", "row"}, {0, 1, 1, 0, 1, 1});
  writer.put("/set", "label", Stored::int64, {"n"}, {4, 0, 2});
  writer.put("/set", "half", Stored::float64, {"n"}, {.5, 0, 2});
  writer.put("/set", "bad", Stored::float64, {"n"}, {0, std::nan(""), 2});
  writer.put("/set", "scalar", Stored::float64, {}, {1});
  writer.finish(folder / "data.h5");
  return folder / "data.h5";
}

}  // namespace

TEST_CASE("idx reads images as rows of pixels, gzipped or not, with labels and a test part") {
  const TemporaryFolder folder;
  const fs::path plain = folder.write("train", images), zipped = folder / "zipped.gz";
  REQUIRE(std::system(("gzip -c '" + plain.string() + "' > '" + zipped.string() + "'").c_str()) ==
          0);
  const auto one = read_idx(plain);
  CHECK(one->size() == 2);
  CHECK(one->dim() == 6);
  CHECK(one->held_out() == 0);
  CHECK(one->labels().empty());
  CHECK(one->range() == std::pair<double, double>(0, 255));
  Batch truth(6, 2);
  truth << 0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 255;
  CHECK(one->all(Stream(0)) == truth);
  CHECK(read_idx(zipped)->all(Stream(0)) == truth);

  const fs::path classes = folder.write("classes", idx({2}, {7, 3})),
                 test = folder.write("test", idx({1, 6}, {9, 9, 9, 9, 9, 9})),
                 test_classes = folder.write("test classes", idx({1}, {5}));
  const auto both =
      read_idx(zipped, ", labels: '" + classes.string() + "', test_images: '" + test.string() +
                           "', test_labels: '" + test_classes.string() + "'");
  CHECK(both->size() == 3);
  CHECK(both->held_out() == 1);
  CHECK(both->labels() == std::vector<int>{7, 3, 5});
  CHECK(both->all(Stream(0)).col(2) == Vector::Constant(6, 9));
}

TEST_CASE("idx refuses what is no IDX file of bytes, and files that end early or late") {
  const TemporaryFolder folder;
  CHECK(idx_refusal(folder, "hello world") ==
        ": must be an IDX file, which begins with two zero bytes");
  CHECK(idx_refusal(folder, "") == ": must be an IDX file, which begins with two zero bytes");
  CHECK(idx_refusal(folder, idx({1, 1}, "abcd", 13)) ==
        ": must hold unsigned bytes (type 8), got type 13");
  CHECK(idx_refusal(folder, std::string({0, 0, 8, 2, 0, 0})) == ": ends before its first value");
  CHECK(idx_refusal(folder, idx({2, 3}, "abcde")) ==
        ": must hold 6 values after its header, got 5");
  CHECK(idx_refusal(folder, idx({2, 3}, "abcdefg")) ==
        ": must hold 6 values after its header, got more");
  CHECK(idx_refusal(folder, idx({65536, 65537}, "")) ==
        ": must hold at most 2^32 values, got more");
  CHECK(idx_refusal(folder, idx({3}, "abc")).starts_with(": must hold images"));
  CHECK(idx_refusal(folder, idx({0, 3}, "")).starts_with(": must hold images"));
  CHECK(error_of([&] { read_idx("/nowhere/at/all"); }) == "/nowhere/at/all: no such file");
  CHECK(error_of([&] { read_idx("/tmp"); }) == "/tmp: must be a regular file");
}

TEST_CASE("idx refuses labels and test images that do not belong to its images") {
  const TemporaryFolder folder;
  const std::string three = folder.write("three", idx({3}, "abc")).string(),
                    wide = folder.write("wide", idx({1, 7}, "abcdefg")).string();
  CHECK(error_of([&] { read_idx(folder.write("x", images), ", labels: '" + three + "'"); }) ==
        three + ": must hold a class number for each of 2 images, got 3");
  CHECK(error_of([&] { read_idx(folder.write("x", images), ", test_images: '" + wide + "'"); }) ==
        wide + ": must have 6 pixels per image, got 7");
  CHECK(idx_refusal(folder, images, ", test_labels: '" + three + "'") ==
        "dataset idx: test_labels: needs test_images beside it");
  CHECK(idx_refusal(folder, images, ", labels: '" + three + "', test_images: '" + wide + "'") ==
        "dataset idx: labels and test_labels: must be given both or neither");
}

TEST_CASE("hdf5 reads a configuration per entry of the first axis, booleans and labels too") {
  const TemporaryFolder folder;
  const fs::path file = make_hdf5(folder);
  const auto data = read_hdf5(file, "values: /set/images, labels: /set/label, range: [0, 11]");
  Batch truth(4, 3);
  truth << 0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11;
  CHECK(data->all(Stream(0)) == truth);
  CHECK(data->labels() == std::vector<int>{4, 0, 2});
  CHECK(data->range() == std::pair<double, double>(0, 11));
  Batch bits(2, 3);
  bits << 0, 1, 1, 1, 0, 1;
  const auto flags = read_hdf5(file, "values: /set/flags");
  CHECK(flags->all(Stream(0)) == bits);
  CHECK(flags->range() == std::pair<double, double>(0, 0));
}

TEST_CASE("hdf5 names the dataset and entry that it refuses") {
  const TemporaryFolder folder;
  const fs::path file = make_hdf5(folder);
  const auto refusal = [&](const std::string& more) {
    const std::string text = error_of([&] { read_hdf5(file, more); });
    return text.starts_with(file.string()) ? text.substr(file.string().size()) : text;
  };
  CHECK(refusal("values: /set/other") == ":/set/other: no such dataset");
  CHECK(refusal("values: /set/scalar") ==
        ":/set/scalar: must have at least one axis, got a scalar");
  CHECK(refusal("values: /set/bad") == ":/set/bad: entry 1: must be finite, got .nan");
  CHECK(refusal("values: /set/images, range: [0, 9]") ==
        ":/set/images: entry 2: must be in [0, 9], got 10");
  CHECK(refusal("values: /set/images, labels: /set/half") ==
        ":/set/half: must hold integers >= 0, got 0.5");
  CHECK(refusal("values: /set/images, labels: /set/flags") ==
        ":/set/flags: must have one axis of 3 class numbers, got 6 values");
  CHECK(refusal("values: /set/images, range: [1, 1]") ==
        "dataset hdf5: range: must be two values, the lesser one first");
  CHECK(error_of([&] { read_hdf5("/nowhere", "values: x"); }) == "/nowhere: no such file");
  CHECK(error_of([&] {
          read_hdf5(folder.write("text", "no"), "values: x");
        }).ends_with("text: cannot be opened as an HDF5 file"));
}
