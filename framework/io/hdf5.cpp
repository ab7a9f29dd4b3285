#include "gibbsite/io/hdf5.hpp"

#include <hdf5.h>
#include <hdf5_hl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

#include "gibbsite/core/error.hpp"
#include "gibbsite/io/files.hpp"

namespace gibbsite {
namespace {

// Owns an HDF5 identifier together with the function that closes it.
class Handle {
 public:
  Handle() = default;
  Handle(hid_t id, herr_t (*closer)(hid_t)) : id_(id), close_(closer) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  operator hid_t() const { return id_; }
  // Closes now and says whether that worked: a full disk may show only here.
  bool close() { return id_ < 0 || close_(std::exchange(id_, -1)) >= 0; }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

herr_t keep_deepest(unsigned depth, const H5E_error2_t* error, void* text) {
  if (depth == 0 || static_cast<std::string*>(text)->empty()) *static_cast<std::string*>(text) = error->desc;
  return 0;
}

std::string library_reason() {
  std::string text;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_deepest, &text);
  return text.empty() ? "HDF5 gives no reason" : text;
}

void prepare_library() {
  static const bool once = [] {
    H5open();
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    H5PLset_loading_state(0);  // a filter plugin from HDF5_PLUGIN_PATH would run foreign code
    return true;
  }();
  (void)once;
}

hid_t native(Stored type) {
  switch (type) {
    case Stored::float32: return H5T_NATIVE_FLOAT;
    case Stored::float64: return H5T_NATIVE_DOUBLE;
    case Stored::uint8: return H5T_NATIVE_UINT8;
    case Stored::int32: return H5T_NATIVE_INT32;
    case Stored::int64: return H5T_NATIVE_INT64;
    case Stored::int8:
    case Stored::boolean: break;
  }
  return H5T_NATIVE_INT8;
}

hid_t in_file(Stored type) {
  switch (type) {
    case Stored::float32: return H5T_IEEE_F32LE;
    case Stored::float64: return H5T_IEEE_F64LE;
    case Stored::uint8: return H5T_STD_U8LE;
    case Stored::int32: return H5T_STD_I32LE;
    case Stored::int64: return H5T_STD_I64LE;
    case Stored::int8:
    case Stored::boolean: break;
  }
  return H5T_STD_I8LE;
}

Handle text_type() {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

Handle ordered(hid_t kind) {
  Handle list(H5Pcreate(kind), H5Pclose);
  if (kind != H5P_DATASET_CREATE) H5Pset_link_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  H5Pset_attr_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  return list;
}

// About 1 MiB per chunk: whole rows of the last axis, as many of the axis before as fit.
std::vector<hsize_t> chunk_shape(const std::vector<hsize_t>& extents, std::size_t element) {
  std::vector<hsize_t> chunk(extents.size(), 1);
  hsize_t room = (hsize_t{1} << 20) / element;
  for (std::size_t axis = extents.size(); axis-- > 0;) {
    chunk[axis] = std::max<hsize_t>(1, std::min(extents[axis], room));
    room = std::max<hsize_t>(1, room / chunk[axis]);
  }
  return chunk;
}

std::string under(const std::string& group, const std::string& name) {
  return group == "/" || group.empty() ? "/" + name : group + "/" + name;
}

}  // namespace

struct Hdf5Writer::State {
  std::filesystem::path path;
  Handle file;
  std::map<std::string, Handle> groups;                 // by path
  std::map<std::string, Handle> datasets;               // by path
  std::map<std::string, hsize_t> dimensions;            // scale path -> length
  std::map<std::string, Stored> types;
  int dimension_count = 0;

  [[noreturn]] void fail(const std::string& what) const {
    throw StorageError(path.string() + ": cannot write " + what + ": " + library_reason());
  }
  template <class T>
  T check(T result, const std::string& what) const {
    if (result < 0) fail(what);
    return result;
  }

  Handle dataset(const std::string& full, hid_t type, const std::vector<hsize_t>& extents, bool compress) {
    Handle space(extents.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(int(extents.size()), extents.data(), nullptr), H5Sclose);
    const Handle create = ordered(H5P_DATASET_CREATE);
    const bool chunked = !extents.empty() && std::all_of(extents.begin(), extents.end(), [](hsize_t n) { return n > 0; });
    if (chunked) {
      const auto chunk = chunk_shape(extents, H5Tget_size(type));
      H5Pset_chunk(create, int(chunk.size()), chunk.data());
      if (H5Tis_variable_str(type) <= 0) {
        if (compress) H5Pset_deflate(create, 1);
        H5Pset_fletcher32(create);
      }
    }
    const Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
    H5Pset_create_intermediate_group(links, 0);
    return {check(H5Dcreate2(file, full.c_str(), type, space, links, create, H5P_DEFAULT), full), H5Dclose};
  }

  void make_scale(const std::string& full, const std::string& name, hsize_t length) {
    const Handle& scale = datasets.at(full);
    check(H5DSset_scale(scale, name.c_str()), full);
    const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
    const Handle id(H5Acreate2(scale, "_Netcdf4Dimid", H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    check(H5Awrite(id, H5T_NATIVE_INT, &dimension_count), full);
    ++dimension_count;
    dimensions[full] = length;
  }

  hid_t object(const std::string& at) const {
    if (at == "/") return file;
    if (const auto found = groups.find(at); found != groups.end()) return found->second;
    if (const auto found = datasets.find(at); found != datasets.end()) return found->second;
    throw StorageError(path.string() + ": no object " + at);
  }
};

Hdf5Writer::Hdf5Writer(const std::filesystem::path& path) : state_(std::make_unique<State>()) {
  prepare_library();
  state_->path = path;
  const Handle create = ordered(H5P_FILE_CREATE);
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110);
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  state_->file = Handle(state_->check(H5Fcreate(path.c_str(), H5F_ACC_EXCL, create, access), "the file"), H5Fclose);
}

Hdf5Writer::~Hdf5Writer() {
  if (state_->file >= 0) {
    state_->datasets.clear();
    state_->groups.clear();
    state_->file.close();
    ::unlink(state_->path.c_str());
  }
}

void Hdf5Writer::group(const std::string& path) {
  if (path == "/" || path.empty() || state_->groups.contains(path)) return;
  const auto slash = path.rfind('/');
  if (slash != std::string::npos && slash > 0) group(path.substr(0, slash));
  const Handle create = ordered(H5P_GROUP_CREATE);
  state_->groups[path] = Handle(state_->check(H5Gcreate2(state_->file, path.c_str(), H5P_DEFAULT, create, H5P_DEFAULT), path), H5Gclose);
}

void Hdf5Writer::dimension(const std::string& group_path, const std::string& name, const std::vector<double>& coordinates, bool integer) {
  group(group_path);
  const std::string full = under(group_path, name);
  const hsize_t length = coordinates.size();
  const Stored type = integer ? Stored::int64 : Stored::float64;
  state_->types[full] = type;
  state_->datasets[full] = state_->dataset(full, in_file(type), {length}, false);
  if (length > 0)
    state_->check(H5Dwrite(state_->datasets[full], H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, coordinates.data()), full);
  state_->make_scale(full, name, length);
}

void Hdf5Writer::dimension(const std::string& group_path, const std::string& name, const std::vector<std::string>& coordinates) {
  group(group_path);
  const std::string full = under(group_path, name);
  const Handle type = text_type();
  std::vector<const char*> pointers;
  for (const auto& text : coordinates) pointers.push_back(text.c_str());
  state_->datasets[full] = state_->dataset(full, type, {hsize_t(coordinates.size())}, false);
  if (!coordinates.empty())
    state_->check(H5Dwrite(state_->datasets[full], type, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()), full);
  state_->make_scale(full, name, coordinates.size());
}

bool Hdf5Writer::has_dimension(const std::string& group_path, const std::string& name) const {
  return state_->dimensions.contains(under(group_path, name));
}

void Hdf5Writer::create(const std::string& group_path, const std::string& name, Stored type, const std::vector<std::string>& dimensions, bool compress) {
  group(group_path);
  const std::string full = under(group_path, name);
  std::vector<hsize_t> extents;
  for (const auto& dimension : dimensions) extents.push_back(state_->dimensions.at(under(group_path, dimension)));
  state_->types[full] = type;
  Handle& made = state_->datasets[full] = state_->dataset(full, in_file(type), extents, compress);
  for (std::size_t axis = 0; axis < dimensions.size(); ++axis)
    state_->check(H5DSattach_scale(made, state_->datasets.at(under(group_path, dimensions[axis])), unsigned(axis)), full);
  if (type == Stored::boolean) attribute(full, "dtype", std::string("bool"));
}

void Hdf5Writer::write(const std::string& group_path, const std::string& name, const std::vector<std::size_t>& offset, const std::vector<std::size_t>& count, const void* values) {
  const std::string full = under(group_path, name);
  const hid_t type = native(state_->types.at(full));
  const Handle& dataset = state_->datasets.at(full);
  if (offset.empty()) {
    state_->check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), full);
    return;
  }
  const std::vector<hsize_t> start(offset.begin(), offset.end()), extent(count.begin(), count.end());
  for (const hsize_t n : extent)
    if (n == 0) return;
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const Handle memory(H5Screate_simple(int(extent.size()), extent.data(), nullptr), H5Sclose);
  state_->check(H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr), full);
  state_->check(H5Dwrite(dataset, type, memory, space, H5P_DEFAULT, values), full);
}

void Hdf5Writer::put(const std::string& group_path, const std::string& name, Stored type, const std::vector<std::string>& dimensions, const std::vector<double>& values) {
  create(group_path, name, type, dimensions);
  const std::string full = under(group_path, name);
  if (values.empty()) return;
  state_->check(H5Dwrite(state_->datasets.at(full), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), full);
}

void Hdf5Writer::put_texts(const std::string& group_path, const std::string& name, const std::string& dimension_name, const std::vector<std::string>& values) {
  const std::string full = under(group_path, name);
  const Handle type = text_type();
  std::vector<const char*> pointers;
  for (const auto& text : values) pointers.push_back(text.c_str());
  Handle& made = state_->datasets[full] = state_->dataset(full, type, {hsize_t(values.size())}, false);
  state_->check(H5DSattach_scale(made, state_->datasets.at(under(group_path, dimension_name)), 0), full);
  if (!values.empty()) state_->check(H5Dwrite(made, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()), full);
}

void Hdf5Writer::attribute(const std::string& path, const std::string& name, const AttributeValue& value) {
  const hid_t at = state_->object(path);
  const std::string what = path + "@" + name;
  const Handle scalar(H5Screate(H5S_SCALAR), H5Sclose);
  const auto write_one = [&](hid_t type, hid_t space, const void* data) {
    const Handle made(state_->check(H5Acreate2(at, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), what), H5Aclose);
    state_->check(H5Awrite(made, type, data), what);
  };
  if (const auto* text = std::get_if<std::string>(&value)) {
    const char* pointer = text->c_str();
    write_one(text_type(), scalar, &pointer);
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    const std::int8_t number = *flag ? 1 : 0;  // netCDF has no boolean attribute
    write_one(H5T_NATIVE_INT8, scalar, &number);
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    write_one(H5T_NATIVE_INT64, scalar, integer);
  } else if (const auto* real = std::get_if<double>(&value)) {
    write_one(H5T_NATIVE_DOUBLE, scalar, real);
  } else {
    const auto& texts = std::get<std::vector<std::string>>(value);
    std::vector<const char*> pointers;
    for (const auto& item : texts) pointers.push_back(item.c_str());
    const hsize_t length = texts.size();
    if (length == 0) return;
    write_one(text_type(), Handle(H5Screate_simple(1, &length, nullptr), H5Sclose), pointers.data());
  }
}

void Hdf5Writer::finish(const std::filesystem::path& name) {
  // H5Fclose may return 0 after a full disk: the flush and each dataset's close tell the truth.
  bool good = H5Fflush(state_->file, H5F_SCOPE_GLOBAL) >= 0;
  std::string reason = good ? "" : library_reason();
  for (auto& [path, dataset] : state_->datasets) good = dataset.close() && good;
  for (auto& [path, group] : state_->groups) good = group.close() && good;
  good = state_->file.close() && good;
  if (!good) {
    ::unlink(state_->path.c_str());
    throw StorageError(state_->path.string() + ": cannot be written: " + (reason.empty() ? library_reason() : reason));
  }
  publish_file(state_->path, name);
}

struct Hdf5Reader::State {
  std::filesystem::path path;
  Handle file;
  template <class T>
  T check(T result, const std::string& what) const {
    if (result < 0) throw StorageError(path.string() + ": cannot read " + what + ": " + library_reason());
    return result;
  }
  Handle dataset(const std::string& name) const { return {check(H5Dopen2(file, name.c_str(), H5P_DEFAULT), name), H5Dclose}; }
};

Hdf5Reader::Hdf5Reader(const std::filesystem::path& path) : state_(std::make_unique<State>()) {
  prepare_library();
  state_->path = path;
  if (!std::filesystem::exists(path)) throw StorageError(path.string() + ": no such file");
  state_->file = Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (state_->file < 0) throw StorageError(path.string() + ": is no readable HDF5 file: " + library_reason());
}

Hdf5Reader::~Hdf5Reader() = default;

bool Hdf5Reader::has(const std::string& path) const {
  // H5Lexists needs every parent to exist.
  for (std::size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
    if (H5Lexists(state_->file, path.substr(0, slash).c_str(), H5P_DEFAULT) <= 0) return false;
  return path == "/" || H5Lexists(state_->file, path.c_str(), H5P_DEFAULT) > 0;
}

std::vector<std::size_t> Hdf5Reader::shape(const std::string& path) const {
  const Handle dataset = state_->dataset(path);
  const Handle space(H5Dget_space(dataset), H5Sclose);
  std::vector<hsize_t> extents(std::size_t(std::max(0, H5Sget_simple_extent_ndims(space))));
  H5Sget_simple_extent_dims(space, extents.data(), nullptr);
  return {extents.begin(), extents.end()};
}

std::vector<double> Hdf5Reader::read(const std::string& path) const {
  const auto extents = shape(path);
  return read(path, std::vector<std::size_t>(extents.size(), 0), extents);
}

namespace {

void read_block(hid_t dataset, hid_t type, const std::vector<std::size_t>& offset, const std::vector<std::size_t>& count, void* out, const std::function<void(herr_t)>& check) {
  if (offset.empty()) return check(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out));
  const std::vector<hsize_t> start(offset.begin(), offset.end()), extent(count.begin(), count.end());
  for (const hsize_t n : extent)
    if (n == 0) return;
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const Handle memory(H5Screate_simple(int(extent.size()), extent.data(), nullptr), H5Sclose);
  check(H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr));
  check(H5Dread(dataset, type, memory, space, H5P_DEFAULT, out));
}

std::size_t product(const std::vector<std::size_t>& count) {
  std::size_t n = 1;
  for (const std::size_t c : count) n *= c;
  return n;
}

}  // namespace

std::vector<double> Hdf5Reader::read(const std::string& path, const std::vector<std::size_t>& offset, const std::vector<std::size_t>& count) const {
  std::vector<double> values(product(count));
  read_block(state_->dataset(path), H5T_NATIVE_DOUBLE, offset, count, values.data(), [&](herr_t r) { state_->check(r, path); });
  return values;
}

std::vector<char> Hdf5Reader::read_raw(const std::string& path, const std::vector<std::size_t>& offset, const std::vector<std::size_t>& count, Stored type) const {
  std::vector<char> values(product(count) * size_of(type));
  read_block(state_->dataset(path), native(type), offset, count, values.data(), [&](herr_t r) { state_->check(r, path); });
  return values;
}

std::string Hdf5Reader::text_attribute(const std::string& path, const std::string& name) const {
  if (H5Aexists_by_name(state_->file, path.c_str(), name.c_str(), H5P_DEFAULT) <= 0) return "";
  const Handle attribute(H5Aopen_by_name(state_->file, path.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  char* text = nullptr;
  if (H5Aread(attribute, text_type(), &text) < 0 || text == nullptr) return "";
  std::string out = text;
  H5free_memory(text);
  return out;
}

std::size_t size_of(Stored type) {
  switch (type) {
    case Stored::float64:
    case Stored::int64: return 8;
    case Stored::float32:
    case Stored::int32: return 4;
    case Stored::int8:
    case Stored::uint8:
    case Stored::boolean: break;
  }
  return 1;
}

}  // namespace gibbsite
