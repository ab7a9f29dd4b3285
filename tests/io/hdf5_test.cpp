// The layout rules of a results file, checked with the HDF5 library itself.
#include <doctest/doctest.h>
#include <hdf5.h>
#include <hdf5_hl.h>

#include <cmath>
#include <cstring>
#include <gibbsite/core/error.hpp>
#include <gibbsite/io/hdf5.hpp>
#include <limits>
#include <set>

#include "support/program.hpp"
#include "support/results.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

namespace {

const std::vector<double> numbers = {
    1, -0., 5e-324, std::numeric_limits<double>::infinity(), std::nan(""), 6};

// A file with every kind of content.
fs::path example(const TemporaryFolder& folder) {
  Hdf5Writer file(folder / "new");
  file.dimension("/a", "row", {0, 1});
  file.dimension("/a", "column", {10, 20, 30});
  file.dimension("/a", "half", {0.5, 1.5}, false);
  file.dimension("/a", "word", std::vector<std::string>{"x", "Größe"});
  file.put("/a", "table", Stored::float64, {"row", "column"}, numbers);
  file.put("/a", "small", Stored::uint8, {"row", "half"}, {0, 1, 2, 255});
  file.put("/a", "flag", Stored::boolean, {"row"}, {0, 1});
  file.put("/a", "scalar", Stored::int64, {}, {-7});
  file.put_texts("/a", "name", "word", {"first", ""});
  file.dimension("/b/deep", "row", {0, 1, 2, 3});
  file.create("/b/deep", "block", Stored::int32, {"row"}, true);
  const std::int32_t values[] = {5, 6};
  file.write("/b/deep", "block", {2}, {2}, values);
  file.dimension("/b", "none", std::vector<double>{});
  file.put("/b", "empty", Stored::float64, {"none"}, {});
  file.attribute("/", "text", std::string(100000, 'x'));
  file.attribute("/a", "flag", true);
  file.attribute("/a/table", "number", 2.5);
  file.attribute("/a/table", "list", std::vector<std::string>{"p", "q"});
  file.finish(folder / "f.h5");
  return folder / "f.h5";
}

struct Open {
  explicit Open(const fs::path& path) : id(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT)) {}
  ~Open() { H5Fclose(id); }
  hid_t id;
};

struct Seen {
  std::set<int> dimension_ids;
  std::size_t scales = 0, datasets = 0, faults = 0;
};

bool tracked(hid_t list, herr_t (*get)(hid_t, unsigned*)) {
  unsigned flags = 0;
  return get(list, &flags) >= 0 && flags == (H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
}

void look_at_dataset(hid_t dataset, Seen& seen) {
  ++seen.datasets;
  const hid_t space = H5Dget_space(dataset), list = H5Dget_create_plist(dataset),
              type = H5Dget_type(dataset);
  if (!tracked(list, H5Pget_attr_creation_order)) ++seen.faults;
  if (H5DSis_scale(dataset) > 0) {
    ++seen.scales;
    int id = -1;
    const hid_t attribute = H5Aopen(dataset, "_Netcdf4Dimid", H5P_DEFAULT);
    if (attribute < 0 || H5Aread(attribute, H5T_NATIVE_INT, &id) < 0 ||
        !seen.dimension_ids.insert(id).second)
      ++seen.faults;
    H5Aclose(attribute);
  } else {
    for (int axis = 0; axis < H5Sget_simple_extent_ndims(space); ++axis)
      if (H5DSget_num_scales(dataset, unsigned(axis)) != 1) ++seen.faults;
  }
  if (H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) <= 0) ++seen.faults;
  const H5T_class_t kind = H5Tget_class(type);
  if (kind != H5T_STRING && kind != H5T_INTEGER && kind != H5T_FLOAT) ++seen.faults;
  if (H5Pget_layout(list) == H5D_CHUNKED && kind != H5T_STRING) {
    bool sums = false;
    for (int k = 0; k < H5Pget_nfilters(list); ++k) {
      unsigned flags = 0;
      std::size_t count = 0;
      sums = sums || H5Pget_filter2(list, unsigned(k), &flags, &count, nullptr, 0, nullptr,
                                    nullptr) == H5Z_FILTER_FLETCHER32;
    }
    if (!sums) ++seen.faults;
  }
  hsize_t extents[8], most[8];
  const int axes = H5Sget_simple_extent_dims(space, extents, most);
  for (int axis = 0; axis < axes; ++axis) seen.faults += extents[axis] == most[axis] ? 0 : 1;
  H5Tclose(type);
  H5Pclose(list);
  H5Sclose(space);
}

herr_t look_at(hid_t file, const char* name, const H5O_info_t* info, void* into) {
  Seen& seen = *static_cast<Seen*>(into);
  const hid_t object = H5Oopen(file, name, H5P_DEFAULT);
  if (info->type == H5O_TYPE_DATASET) {
    look_at_dataset(object, seen);
  } else if (std::string(name) != ".") {
    const hid_t list = H5Gget_create_plist(object);
    if (!tracked(list, H5Pget_link_creation_order) || !tracked(list, H5Pget_attr_creation_order))
      ++seen.faults;
    H5Pclose(list);
  }
  H5Oclose(object);
  return 0;
}

}  // namespace

TEST_CASE("what is written is read back bit by bit") {
  const TemporaryFolder folder;
  const Hdf5Reader file(example(folder));
  const auto read = file.read("/a/table");
  REQUIRE(read.size() == numbers.size());
  CHECK(std::memcmp(read.data(), numbers.data(), 8 * numbers.size()) == 0);
  CHECK(file.shape("/a/table") == std::vector<std::size_t>{2, 3});
  CHECK(file.read("/a/small") == std::vector<double>{0, 1, 2, 255});
  CHECK(file.read("/a/scalar") == std::vector<double>{-7});
  CHECK(file.shape("/a/scalar").empty());
  CHECK(file.read("/b/deep/block") == std::vector<double>{0, 0, 5, 6});
  CHECK(file.read("/b/deep/block", {3}, {1}) == std::vector<double>{6});
  CHECK(file.read("/b/empty").empty());
  CHECK(file.text_attribute("/", "text") == std::string(100000, 'x'));
  CHECK(file.text_attribute("/", "none") == "");
  CHECK(file.has("/a/table"));
  CHECK_FALSE(file.has("/a/none"));
  CHECK_FALSE(file.has("/none/none/none"));
  CHECK_THROWS_AS(file.read("/a/none"), StorageError);
}

TEST_CASE(
    "every axis has its scale, dimension numbers are unique, orders are tracked, chunks are "
    "summed") {
  const TemporaryFolder folder;
  const Open file(example(folder));
  Seen seen;
  H5Ovisit2(file.id, H5_INDEX_NAME, H5_ITER_INC, look_at, &seen, H5O_INFO_BASIC);
  CHECK(seen.faults == 0);
  CHECK(seen.datasets == 13);
  CHECK(seen.scales == 6);
  CHECK(seen.dimension_ids.size() == 6);
  const hid_t root = H5Gopen2(file.id, "/", H5P_DEFAULT), list = H5Gget_create_plist(root);
  CHECK(tracked(list, H5Pget_link_creation_order));
  CHECK(tracked(list, H5Pget_attr_creation_order));
  H5Pclose(list);
  H5Gclose(root);
}

TEST_CASE("booleans are bytes that say so") {
  const TemporaryFolder folder;
  const Hdf5Reader file(example(folder));
  CHECK(file.text_attribute("/a/flag", "dtype") == "bool");
  CHECK(file.read("/a/flag") == std::vector<double>{0, 1});
}

TEST_CASE("an existing file is never overwritten while it is written") {
  const TemporaryFolder folder;
  folder.write("f.h5", "precious");
  CHECK_THROWS_AS(Hdf5Writer(folder / "f.h5"), StorageError);
  CHECK(text_of(folder / "f.h5") == "precious");
  CHECK_THROWS_AS(Hdf5Writer(folder / "none" / "f.h5"), StorageError);
}

TEST_CASE("a file that was not finished is removed") {
  const TemporaryFolder folder;
  {
    Hdf5Writer file(folder / "f.h5");
    file.dimension("/a", "row", {0, 1});
    CHECK(fs::exists(folder / "f.h5"));
  }
  CHECK(files_below(folder.path()).empty());
}

TEST_CASE("damaged bytes of data are noticed, never returned") {
  const TemporaryFolder folder;
  {
    Hdf5Writer file(folder / "new");
    std::vector<double> values(5000);
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = std::sin(double(k));
    file.dimension("/a", "row", values, false);
    file.put("/a", "x", Stored::float64, {"row"}, values);
    file.finish(folder / "f.h5");
  }
  const auto good = datasets_of(folder / "f.h5");
  const std::string whole = text_of(folder / "f.h5");
  int silent = 0, noticed = 0;
  for (std::size_t at = 0; at < whole.size(); at += 997) {
    std::string changed = whole;
    changed[at] = char(changed[at] ^ 0x10);
    folder.write("g.h5", changed);
    try {
      const Hdf5Reader file(folder / "g.h5");
      const auto row = file.read("/a/row"), x = file.read("/a/x");
      for (std::size_t k = 0; k < 5000; ++k)
        silent += x[k] != std::sin(double(k)) || row[k] != x[k] ? 1 : 0;
    } catch (const StorageError&) {
      ++noticed;
    }
  }
  CHECK(silent == 0);
  CHECK(noticed > 50);
}

TEST_CASE("files that are no HDF5 or are cut off are refused by name") {
  const TemporaryFolder folder;
  const std::string whole = text_of(example(folder));
  const auto refusal = [](const fs::path& path) -> std::string {
    try {
      const Hdf5Reader file(path);
      file.read("/a/table");
    } catch (const StorageError& fault) {
      return fault.what();
    }
    return "";
  };
  CHECK(occurrences(refusal(folder / "none"), "none: no such file") == 1);
  CHECK(occurrences(refusal(folder.write("text", "a: 1\n")), "text: is no readable HDF5 file") ==
        1);
  for (std::size_t size = 0; size < whole.size(); size += whole.size() / 40)
    CHECK(refusal(folder.write("cut", whole.substr(0, size))) != "");
}
