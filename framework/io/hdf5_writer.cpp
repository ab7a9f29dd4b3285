#include <hdf5_hl.h>
#include <unistd.h>

#include <algorithm>

#include "gibbsite/core/error.hpp"
#include "gibbsite/io/files.hpp"
#include "gibbsite/io/hdf5_handle.hpp"

namespace gibbsite {
namespace {

hid_t in_file(Stored type) {
  switch (type) {
    case Stored::float32:
      return H5T_IEEE_F32LE;
    case Stored::float64:
      return H5T_IEEE_F64LE;
    case Stored::uint8:
      return H5T_STD_U8LE;
    case Stored::int32:
      return H5T_STD_I32LE;
    case Stored::int64:
      return H5T_STD_I64LE;
    case Stored::int8:
    case Stored::boolean:
      break;
  }
  return H5T_STD_I8LE;
}

Handle ordered(hid_t kind) {
  Handle list(H5Pcreate(kind), H5Pclose);
  if (kind != H5P_DATASET_CREATE)
    H5Pset_link_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
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
  std::map<std::string, Handle> groups;       // by path
  std::map<std::string, Handle> datasets;     // by path
  std::map<std::string, hsize_t> dimensions;  // scale path -> length
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

  Handle dataset(const std::string& full, hid_t type, const std::vector<hsize_t>& extents,
                 bool compress, const std::vector<std::size_t>& most = {}) {
    Handle space(extents.empty() ? H5Screate(H5S_SCALAR)
                                 : H5Screate_simple(int(extents.size()), extents.data(), nullptr),
                 H5Sclose);
    const Handle create = ordered(H5P_DATASET_CREATE);
    const bool chunked = !extents.empty() && std::all_of(extents.begin(), extents.end(),
                                                         [](hsize_t n) { return n > 0; });
    if (chunked) {
      auto chunk = chunk_shape(extents, H5Tget_size(type));
      for (std::size_t axis = 0; axis < most.size(); ++axis)
        chunk[axis] = std::min<hsize_t>(extents[axis], most[axis]);
      H5Pset_chunk(create, int(chunk.size()), chunk.data());
      if (H5Tis_variable_str(type) <= 0) {
        if (compress) H5Pset_deflate(create, 1);
        H5Pset_fletcher32(create);
      }
    }
    const Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
    H5Pset_create_intermediate_group(links, 0);
    return {check(H5Dcreate2(file, full.c_str(), type, space, links, create, H5P_DEFAULT), full),
            H5Dclose};
  }

  template <class T>
  void write_whole(const std::string& full, hid_t type, const std::vector<T>& values) {
    check(
        H5Dwrite(datasets.at(full), type, H5S_ALL, H5S_ALL, transfer(values.size()), values.data()),
        full);
  }

  void make_scale(const std::string& full, const std::string& name, hsize_t length) {
    const Handle& scale = datasets.at(full);
    check(H5DSset_scale(scale, name.c_str()), full);
    const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
    const Handle id(
        H5Acreate2(scale, "_Netcdf4Dimid", H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT),
        H5Aclose);
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
  state_->file = Handle(
      state_->check(H5Fcreate(path.c_str(), H5F_ACC_EXCL, create, access), "the file"), H5Fclose);
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
  state_->groups[path] = Handle(
      state_->check(H5Gcreate2(state_->file, path.c_str(), H5P_DEFAULT, create, H5P_DEFAULT), path),
      H5Gclose);
}

void Hdf5Writer::dimension(const std::string& group_path, const std::string& name,
                           const std::vector<double>& coordinates, bool integer) {
  group(group_path);
  const std::string full = under(group_path, name);
  const hsize_t length = coordinates.size();
  const Stored type = integer ? Stored::int64 : Stored::float64;
  state_->types[full] = type;
  state_->datasets[full] = state_->dataset(full, in_file(type), {length}, false);
  if (length > 0) state_->write_whole(full, H5T_NATIVE_DOUBLE, coordinates);
  state_->make_scale(full, name, length);
}

void Hdf5Writer::dimension(const std::string& group_path, const std::string& name,
                           const std::vector<std::string>& coordinates) {
  group(group_path);
  const std::string full = under(group_path, name);
  const Handle type = text_type();
  std::vector<const char*> pointers;
  for (const auto& text : coordinates) pointers.push_back(text.c_str());
  state_->datasets[full] = state_->dataset(full, type, {hsize_t(coordinates.size())}, false);
  if (!coordinates.empty()) state_->write_whole(full, type, pointers);
  state_->make_scale(full, name, coordinates.size());
}

bool Hdf5Writer::has_dimension(const std::string& group_path, const std::string& name) const {
  return state_->dimensions.contains(under(group_path, name));
}

void Hdf5Writer::create(const std::string& group_path, const std::string& name, Stored type,
                        const std::vector<std::string>& dimensions, bool compress,
                        const std::vector<std::size_t>& chunk) {
  group(group_path);
  const std::string full = under(group_path, name);
  std::vector<hsize_t> extents;
  for (const auto& dimension : dimensions)
    extents.push_back(state_->dimensions.at(under(group_path, dimension)));
  state_->types[full] = type;
  Handle& made = state_->datasets[full] =
      state_->dataset(full, in_file(type), extents, compress, chunk);
  for (std::size_t axis = 0; axis < dimensions.size(); ++axis)
    state_->check(H5DSattach_scale(made, state_->datasets.at(under(group_path, dimensions[axis])),
                                   unsigned(axis)),
                  full);
  if (type == Stored::boolean) attribute(full, "dtype", std::string("bool"));
}

std::int64_t Hdf5Writer::dataset(const std::string& path) const {
  return state_->datasets.at(path);
}

void Hdf5Writer::write(const std::string& group_path, const std::string& name,
                       const std::vector<std::size_t>& offset,
                       const std::vector<std::size_t>& count, const void* values) {
  const std::string full = under(group_path, name);
  const hid_t type = native(state_->types.at(full));
  const Handle& dataset = state_->datasets.at(full);
  if (offset.empty()) {
    state_->check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, transfer(1), values), full);
    return;
  }
  const std::vector<hsize_t> start(offset.begin(), offset.end()),
      extent(count.begin(), count.end());
  std::size_t elements = 1;
  for (const hsize_t n : extent) elements *= n;
  if (elements == 0) return;
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const Handle memory(H5Screate_simple(int(extent.size()), extent.data(), nullptr), H5Sclose);
  state_->check(
      H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr),
      full);
  state_->check(H5Dwrite(dataset, type, memory, space, transfer(elements), values), full);
}

void Hdf5Writer::put(const std::string& group_path, const std::string& name, Stored type,
                     const std::vector<std::string>& dimensions,
                     const std::vector<double>& values) {
  create(group_path, name, type, dimensions);
  const std::string full = under(group_path, name);
  if (!values.empty()) state_->write_whole(full, H5T_NATIVE_DOUBLE, values);
}

void Hdf5Writer::put_texts(const std::string& group_path, const std::string& name,
                           const std::string& dimension_name,
                           const std::vector<std::string>& values) {
  const std::string full = under(group_path, name);
  const Handle type = text_type();
  std::vector<const char*> pointers;
  for (const auto& text : values) pointers.push_back(text.c_str());
  Handle& made = state_->datasets[full] =
      state_->dataset(full, type, {hsize_t(values.size())}, false);
  state_->check(H5DSattach_scale(made, state_->datasets.at(under(group_path, dimension_name)), 0),
                full);
  if (!values.empty()) state_->write_whole(full, type, pointers);
}

void Hdf5Writer::attribute(const std::string& path, const std::string& name,
                           const AttributeValue& value) {
  const hid_t at = state_->object(path);
  const std::string what = path + "@" + name;
  const Handle scalar(H5Screate(H5S_SCALAR), H5Sclose);
  const auto write_one = [&](hid_t type, hid_t space, const void* data) {
    const Handle made(
        state_->check(H5Acreate2(at, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), what),
        H5Aclose);
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
    write_one(text_type(), Handle(H5Screate_simple(1, &length, nullptr), H5Sclose),
              pointers.data());
  }
}

void Hdf5Writer::close() {
  // H5Fclose may return 0 after a full disk: the flush and each dataset's close tell the truth.
  bool good = H5Fflush(state_->file, H5F_SCOPE_GLOBAL) >= 0;
  std::string reason = good ? "" : library_reason();
  for (auto& [path, dataset] : state_->datasets) good = dataset.close() && good;
  for (auto& [path, group] : state_->groups) good = group.close() && good;
  good = state_->file.close() && good;
  if (!good) {
    ::unlink(state_->path.c_str());
    throw StorageError(state_->path.string() +
                       ": cannot be written: " + (reason.empty() ? library_reason() : reason));
  }
}

void Hdf5Writer::finish(const std::filesystem::path& name) {
  close();
  publish_file(state_->path, name);
}

}  // namespace gibbsite
