// Results files as groups of another file.
#include <hdf5_hl.h>

#include <algorithm>

#include "gibbsite/core/error.hpp"
#include "gibbsite/io/hdf5_handle.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;

// One copy under way: from a group of one file to a group of another.
class Copy {
 public:
  Copy(hid_t to, const fs::path& source, std::string group, int& dimension_count)
      : to_(to), source_(source), group_("/" + group), dimension_count_(dimension_count) {
    const std::string name = source.string();
    const auto colon = name.rfind(":/");
    const bool whole = colon == std::string::npos;
    file_ = Handle(
        check(H5Fopen((whole ? name : name.substr(0, colon)).c_str(), H5F_ACC_RDONLY, H5P_DEFAULT)),
        H5Fclose);
    from_ =
        Handle(check(H5Gopen2(file_, whole ? "/" : name.substr(colon + 1).c_str(), H5P_DEFAULT)),
               H5Gclose);
  }

  void make() {
    // HDF5 1.10 crashes where it copies texts among many attributes itself.
    const Handle how(H5Pcreate(H5P_OBJECT_COPY), H5Pclose);
    check(H5Pset_copy_object(how, H5O_COPY_WITHOUT_ATTR_FLAG));
    check(H5Ocopy(from_, ".", to_, group_.c_str(), how, H5P_DEFAULT));
    std::vector<std::pair<std::string, bool>> objects;  // with whether they are datasets
    const auto add = [](hid_t, const char* name, const H5O_info_t* info, void* list) {
      static_cast<std::vector<std::pair<std::string, bool>>*>(list)->emplace_back(
          name, info->type == H5O_TYPE_DATASET);
      return herr_t{0};
    };
    check(H5Ovisit2(from_, H5_INDEX_NAME, H5_ITER_INC, add, &objects, H5O_INFO_BASIC));
    for (const auto& [name, is_dataset] : objects) copy_attributes(name);
    // References would point into the source: scales are attached anew.
    for (const auto& [name, is_dataset] : objects)
      if (is_dataset) attach(name);
  }

 private:
  template <class T>
  T check(T result) const {
    if (result < 0)
      throw StorageError(source_.string() + ": cannot be copied: " + library_reason());
    return result;
  }
  Handle copied(const std::string& name) const {
    return {check(H5Dopen2(to_, (group_ + "/" + name).c_str(), H5P_DEFAULT)), H5Dclose};
  }

  void copy_attributes(const std::string& name) {
    const Handle from(check(H5Oopen(from_, name.c_str(), H5P_DEFAULT)), H5Oclose);
    const Handle to(check(H5Oopen(to_, (group_ + "/" + name).c_str(), H5P_DEFAULT)), H5Oclose);
    std::vector<std::string> names;
    const auto add = [](hid_t, const char* attribute, const H5A_info_t*, void* list) {
      static_cast<std::vector<std::string>*>(list)->emplace_back(attribute);
      return herr_t{0};
    };
    hsize_t start = 0;
    check(H5Aiterate2(from, H5_INDEX_CRT_ORDER, H5_ITER_INC, &start, add, &names));
    for (const std::string& attribute : names)
      if (attribute != "DIMENSION_LIST" && attribute != "REFERENCE_LIST")
        copy_attribute(from, to, attribute.c_str());
  }

  void copy_attribute(hid_t from, hid_t to, const char* name) {
    const Handle original(check(H5Aopen(from, name, H5P_DEFAULT)), H5Aclose);
    const Handle type(check(H5Aget_type(original)), H5Tclose);
    const Handle space(check(H5Aget_space(original)), H5Sclose);
    std::vector<char> bytes(H5Tget_size(type) * std::size_t(std::max<hssize_t>(
                                                    0, H5Sget_simple_extent_npoints(space))));
    check(H5Aread(original, type, bytes.data()));
    const Handle made(check(H5Acreate2(to, name, type, space, H5P_DEFAULT, H5P_DEFAULT)), H5Aclose);
    const bool number = std::string(name) == "_Netcdf4Dimid";
    const herr_t wrote = number ? H5Awrite(made, H5T_NATIVE_INT, &dimension_count_)
                                : H5Awrite(made, type, bytes.data());
    if (H5Tis_variable_str(type) > 0) H5Dvlen_reclaim(type, space, H5P_DEFAULT, bytes.data());
    check(wrote);
    dimension_count_ += number ? 1 : 0;
  }

  void attach(const std::string& name) {
    const Handle original(check(H5Dopen2(from_, name.c_str(), H5P_DEFAULT)), H5Dclose);
    const Handle space(H5Dget_space(original), H5Sclose);
    if (H5DSis_scale(original) > 0) return;
    const Handle dataset = copied(name);
    const auto slash = name.rfind('/');
    const std::string parent = slash == std::string::npos ? "" : name.substr(0, slash + 1);
    for (int axis = 0; axis < H5Sget_simple_extent_ndims(space); ++axis) {
      std::string scale;
      const auto read = [](hid_t, unsigned, hid_t found, void* text) {
        char path[4096] = "";
        H5Iget_name(found, path, sizeof path);
        *static_cast<std::string*>(text) = path;
        return herr_t{1};
      };
      check(H5DSiterate_scales(original, unsigned(axis), nullptr, read, &scale));
      if (scale.empty()) continue;
      const Handle target = copied(parent + scale.substr(scale.rfind('/') + 1));
      check(H5DSattach_scale(dataset, target, unsigned(axis)));
    }
  }

  hid_t to_;
  fs::path source_;
  std::string group_;
  int& dimension_count_;
  Handle file_, from_;
};

}  // namespace

void copy_results(const fs::path& file,
                  const std::vector<std::pair<fs::path, std::string>>& sources) {
  prepare_library();
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110);
  H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
  Handle to(H5Fopen(file.c_str(), H5F_ACC_RDWR, access), H5Fclose);
  if (to < 0) throw StorageError(file.string() + ": cannot be opened: " + library_reason());
  int dimension_count = 1000;  // after those that the file has
  for (const auto& [source, group] : sources) Copy(to, source, group, dimension_count).make();
  // After a full disk H5Fclose may say that all is well: the flush tells.
  const bool flushed = H5Fflush(to, H5F_SCOPE_GLOBAL) >= 0;
  const std::string reason = flushed ? "" : library_reason();
  if (!to.close() || !flushed) throw StorageError(file.string() + ": cannot be written: " + reason);
}

}  // namespace gibbsite
