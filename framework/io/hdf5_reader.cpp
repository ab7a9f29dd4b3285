#include <algorithm>
#include <functional>

#include "gibbsite/core/error.hpp"
#include "gibbsite/io/hdf5_handle.hpp"

namespace gibbsite {

struct Hdf5Reader::State {
  std::filesystem::path path;
  Handle file;
  Handle root;  // of what is read
  // Paths that begin with a slash would be the file's.
  static std::string below(const std::string& name) {
    const auto first = name.find_first_not_of('/');
    return first == std::string::npos ? "." : name.substr(first);
  }
  template <class T>
  T check(T result, const std::string& what) const {
    if (result < 0)
      throw StorageError(path.string() + ": cannot read " + what + ": " + library_reason());
    return result;
  }
  hid_t open(const std::string& name) const {
    return check(H5Dopen2(root, below(name).c_str(), H5P_DEFAULT), name);
  }
  Handle dataset(const std::string& name) const { return {open(name), H5Dclose}; }
};

Hdf5Reader::Hdf5Reader(const std::filesystem::path& path) : state_(std::make_unique<State>()) {
  prepare_library();
  state_->path = path;
  const std::string name = path.string();
  const auto colon = name.rfind(":/");
  const bool whole = colon == std::string::npos || std::filesystem::exists(path);
  const std::string file = whole ? name : name.substr(0, colon);
  if (!std::filesystem::exists(file)) throw StorageError(file + ": no such file");
  state_->file = Handle(H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (state_->file < 0)
    throw StorageError(file + ": is no readable HDF5 file: " + library_reason());
  const std::string group = whole ? "/" : name.substr(colon + 1);
  state_->root =
      Handle(state_->check(H5Gopen2(state_->file, group.c_str(), H5P_DEFAULT), group), H5Gclose);
}

Hdf5Reader::~Hdf5Reader() = default;

bool Hdf5Reader::has(const std::string& full) const {
  const std::string path = State::below(full);
  // H5Lexists needs every parent to exist.
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos;
       slash = path.find('/', slash + 1))
    if (H5Lexists(state_->root, path.substr(0, slash).c_str(), H5P_DEFAULT) <= 0) return false;
  return path == "." || H5Lexists(state_->root, path.c_str(), H5P_DEFAULT) > 0;
}

std::vector<std::string> Hdf5Reader::names(const std::string& group) const {
  std::vector<std::string> all;
  if (!has(group)) return all;
  const auto add = [](hid_t, const char* name, const H5L_info_t*, void* list) {
    static_cast<std::vector<std::string>*>(list)->emplace_back(name);
    return herr_t{0};
  };
  const Handle opened(
      state_->check(H5Gopen2(state_->root, State::below(group).c_str(), H5P_DEFAULT), group),
      H5Gclose);
  state_->check(H5Literate(opened, H5_INDEX_NAME, H5_ITER_INC, nullptr, add, &all), group);
  return all;
}

std::int64_t Hdf5Reader::open(const std::string& path) const { return state_->open(path); }

std::vector<std::size_t> Hdf5Reader::shape(const std::string& path) const {
  const Handle dataset = state_->dataset(path);
  const Handle space(H5Dget_space(dataset), H5Sclose);
  std::vector<hsize_t> extents(std::size_t(std::max(0, H5Sget_simple_extent_ndims(space))));
  H5Sget_simple_extent_dims(space, extents.data(), nullptr);
  return {extents.begin(), extents.end()};
}

bool Hdf5Reader::is_floating(const std::string& path) const {
  const Handle type(H5Dget_type(state_->dataset(path)), H5Tclose);
  return H5Tget_class(type) == H5T_FLOAT;
}

std::vector<double> Hdf5Reader::read(const std::string& path) const {
  const auto extents = shape(path);
  return read(path, std::vector<std::size_t>(extents.size(), 0), extents);
}

namespace {

std::size_t product(const std::vector<std::size_t>& count) {
  std::size_t n = 1;
  for (const std::size_t c : count) n *= c;
  return n;
}

void read_block(hid_t dataset, hid_t type, const std::vector<std::size_t>& offset,
                const std::vector<std::size_t>& count, void* out,
                const std::function<void(herr_t)>& check) {
  if (offset.empty()) return check(H5Dread(dataset, type, H5S_ALL, H5S_ALL, transfer(1), out));
  const std::vector<hsize_t> start(offset.begin(), offset.end()),
      extent(count.begin(), count.end());
  for (const hsize_t n : extent)
    if (n == 0) return;
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const Handle memory(H5Screate_simple(int(extent.size()), extent.data(), nullptr), H5Sclose);
  check(H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr));
  check(H5Dread(dataset, type, memory, space, transfer(product(count)), out));
}

}  // namespace

std::vector<double> Hdf5Reader::read(const std::string& path,
                                     const std::vector<std::size_t>& offset,
                                     const std::vector<std::size_t>& count) const {
  std::vector<double> values(product(count));
  read_block(state_->dataset(path), H5T_NATIVE_DOUBLE, offset, count, values.data(),
             [&](herr_t r) { state_->check(r, path); });
  return values;
}

std::vector<char> Hdf5Reader::read_raw(const std::string& path,
                                       const std::vector<std::size_t>& offset,
                                       const std::vector<std::size_t>& count, Stored type) const {
  std::vector<char> values(product(count) * size_of(type));
  read_block(state_->dataset(path), native(type), offset, count, values.data(),
             [&](herr_t r) { state_->check(r, path); });
  return values;
}

std::vector<std::string> Hdf5Reader::read_texts(const std::string& path) const {
  const Handle dataset = state_->dataset(path);
  std::vector<char*> raw(product(shape(path)));
  if (raw.empty()) return {};
  state_->check(H5Dread(dataset, text_type(), H5S_ALL, H5S_ALL, transfer(raw.size()), raw.data()),
                path);
  std::vector<std::string> texts;
  for (char* text : raw) {
    texts.emplace_back(text == nullptr ? "" : text);
    H5free_memory(text);
  }
  return texts;
}

std::optional<bool> Hdf5Reader::boolean_attribute(const std::string& path,
                                                  const std::string& name) const {
  const std::string at = State::below(path);
  if (H5Aexists_by_name(state_->root, at.c_str(), name.c_str(), H5P_DEFAULT) <= 0) return {};
  const Handle attribute(
      H5Aopen_by_name(state_->root, at.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  std::int8_t value = 0;
  if (H5Aread(attribute, H5T_NATIVE_INT8, &value) < 0) return {};
  return value != 0;
}

std::string Hdf5Reader::text_attribute(const std::string& path, const std::string& name) const {
  const std::string at = State::below(path);
  if (H5Aexists_by_name(state_->root, at.c_str(), name.c_str(), H5P_DEFAULT) <= 0) return "";
  const Handle attribute(
      H5Aopen_by_name(state_->root, at.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  char* text = nullptr;
  if (H5Aread(attribute, text_type(), &text) < 0 || text == nullptr) return "";
  std::string out = text;
  H5free_memory(text);
  return out;
}

std::vector<std::string> Hdf5Reader::texts_attribute(const std::string& path,
                                                     const std::string& name) const {
  if (H5Aexists_by_name(state_->file, path.c_str(), name.c_str(), H5P_DEFAULT) <= 0) return {};
  const Handle attribute(
      H5Aopen_by_name(state_->file, path.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose);
  const Handle space(H5Aget_space(attribute), H5Sclose);
  std::vector<char*> texts(std::size_t(H5Sget_simple_extent_npoints(space)), nullptr);
  if (H5Aread(attribute, text_type(), static_cast<void*>(texts.data())) < 0) return {};
  std::vector<std::string> out;
  for (char* text : texts) {
    out.emplace_back(text == nullptr ? "" : text);
    H5free_memory(text);
  }
  return out;
}

}  // namespace gibbsite
