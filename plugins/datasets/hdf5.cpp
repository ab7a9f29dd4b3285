// Configurations in a dataset of an HDF5 file (The HDF Group, HDF5 File Format Specification 3.0):
// one per entry of its first axis, all further axes in row-major order; any number type.
//   D of shape (N, d_1, …, d_k):  x_n = (D[n, 0, …, 0], D[n, 0, …, 1], …),  Π d_i coordinates
#include <hdf5.h>

#include <cmath>
#include <filesystem>
#include <gibbsite/plugin.hpp>

namespace {
using namespace gibbsite;

// An HDF5 handle that is closed by its own function.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator hid_t() const { return id_; }
  bool is_open() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

// HDF5 prints its own faults unless it is told not to.
class Quiet {
 public:
  Quiet() {
    H5Eget_auto2(H5E_DEFAULT, &handler_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~Quiet() { H5Eset_auto2(H5E_DEFAULT, handler_, data_); }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  H5E_auto2_t handler_ = nullptr;
  void* data_ = nullptr;
};

struct Array {
  std::vector<hsize_t> shape;
  std::vector<double> values;
};

constexpr double most_values = 0x1p31;

Array read(hid_t file, const std::string& path, const std::string& name) {
  const std::string place = path + ":" + name + ": ";
  const Handle dataset(H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose);
  if (!dataset.is_open()) throw Error(place + "no such dataset");
  const Handle type(H5Dget_type(dataset), H5Tclose), space(H5Dget_space(dataset), H5Sclose);
  const H5T_class_t kind = H5Tget_class(type);
  if (kind != H5T_INTEGER && kind != H5T_FLOAT && kind != H5T_ENUM)
    throw Error(place + "must hold numbers");
  const int axes = H5Sget_simple_extent_ndims(space);
  if (axes < 1) throw Error(place + "must have at least one axis, got a scalar");
  Array table;
  table.shape.resize(std::size_t(axes));
  H5Sget_simple_extent_dims(space, table.shape.data(), nullptr);
  double total = 1;
  for (const hsize_t size : table.shape) total *= double(size);
  if (total == 0 || total > most_values)
    throw Error(place + "must hold 1 to 2^31 values, got " + number_text(total));
  table.values.resize(std::size_t(total));
  if (kind == H5T_ENUM) {  // booleans of h5py, which HDF5 converts to no other type
    std::vector<signed char> states(table.values.size());
    if (H5Tget_size(type) != 1)
      throw Error(place + "must hold numbers, or enumerations of one byte");
    if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, states.data()) < 0)
      throw StorageError(place + "cannot be read");
    table.values.assign(states.begin(), states.end());
  } else if (H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                     table.values.data()) < 0) {
    throw StorageError(place + "cannot be read");
  }
  return table;
}

class Hdf5 final : public StoredDataset {
 public:
  struct Params {
    std::string path, values, labels;
    std::vector<double> range;

    void fields(Fields& f) {
      f.file("path", path, "the HDF5 file to read", {.required = true});
      f.text("values", values, "the dataset, with its groups (/images): a configuration per entry",
             {.required = true});
      f.text("labels", labels, "the dataset of class numbers, integers >= 0",
             {.unset = "no labels"});
      f.reals("range", range,
              "least and greatest value that image data can have, to be scaled to [0, 1]; values "
              "outside are refused",
              {.unset = "values are taken as they are"});
    }
  };

  Hdf5(const Params& p, const Context& c) {
    if (!p.range.empty() && (p.range.size() != 2 || !(p.range[0] < p.range[1])))
      throw Error(c.subject + ": range: must be two values, the lesser one first");
    if (!p.range.empty()) range_ = {p.range[0], p.range[1]};
    if (!std::filesystem::is_regular_file(p.path)) throw Error(p.path + ": no such file");
    const Quiet quiet;
    const Handle file(H5Fopen(p.path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
    if (!file.is_open()) throw Error(p.path + ": cannot be opened as an HDF5 file");
    read_values(read(file, p.path, p.values), p.path + ":" + p.values + ": ");
    if (!p.labels.empty())
      read_labels(read(file, p.path, p.labels), p.path + ":" + p.labels + ": ");
  }

  std::pair<double, double> range() const override { return range_; }

 private:
  void read_values(const Array& table, const std::string& place) {
    const Index size = Index(table.shape[0]), dim = Index(table.values.size()) / size;
    points_.resize(dim, size);
    for (Index n = 0; n < size; ++n)
      for (Index i = 0; i < dim; ++i) {
        const double value = table.values[std::size_t(n * dim + i)];
        const auto refuse = [&](const std::string& rule) {
          throw Error(place + "entry " + std::to_string(n) + ": must be " + rule + ", got " +
                      number_text(value));
        };
        if (!std::isfinite(Real(value))) refuse("finite");
        if (range_.first < range_.second && (value < range_.first || value > range_.second))
          refuse("in [" + number_text(range_.first) + ", " + number_text(range_.second) + "]");
        points_(i, n) = Real(value);
      }
  }

  void read_labels(const Array& table, const std::string& place) {
    if (table.shape.size() != 1 || Index(table.values.size()) != points_.cols())
      throw Error(place + "must have one axis of " + std::to_string(points_.cols()) +
                  " class numbers, got " + std::to_string(table.values.size()) + " values");
    for (const double value : table.values) {
      if (!(value >= 0) || value > 0x1p30 || value != std::floor(value))
        throw Error(place + "must hold integers >= 0, got " + number_text(value));
      labels_.push_back(int(value));
    }
  }

  std::pair<double, double> range_ = {0, 0};
};

}  // namespace

GIBBSITE_PLUGIN(registry) {
  registry.add<Hdf5>("hdf5", "numbers in a dataset of an HDF5 file, a configuration per entry",
                     "The HDF Group 1997-2023, Hierarchical Data Format version 5");
}
