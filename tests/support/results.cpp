#include "support/results.hpp"

#include <hdf5.h>

#include <stdexcept>

namespace gibbsite::test {
namespace {

herr_t add_dataset(hid_t file, const char* name, const H5O_info_t* info, void* into) {
  if (info->type != H5O_TYPE_DATASET) return 0;
  const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
  const hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  if (H5Tget_class(type) != H5T_STRING) {
    const std::size_t size = H5Tget_size(type);
    std::string value = std::to_string(H5Tget_class(type)) + ":" + std::to_string(size) + ":";
    std::vector<hsize_t> extents(std::size_t(H5Sget_simple_extent_ndims(space)));
    H5Sget_simple_extent_dims(space, extents.data(), nullptr);
    for (const hsize_t n : extents) value += std::to_string(n) + ",";
    std::string bytes(size * std::size_t(H5Sget_simple_extent_npoints(space)), '\0');
    if (!bytes.empty() && H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()) < 0)
      value += "unreadable";
    (*static_cast<std::map<std::string, std::string>*>(into))[name] = value + bytes;
  }
  H5Sclose(space);
  H5Tclose(type);
  H5Dclose(dataset);
  return 0;
}

}  // namespace

std::map<std::string, std::string> datasets_of(const std::filesystem::path& path) {
  std::map<std::string, std::string> all;
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file < 0) throw std::runtime_error(path.string() + ": cannot be opened");
  H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, add_dataset, &all, H5O_INFO_BASIC);
  H5Fclose(file);
  return all;
}

std::map<std::string, std::string> reproducible_part(const std::filesystem::path& path) {
  auto all = datasets_of(path);
  std::erase_if(all, [](const auto& item) {
    return item.first.ends_with("seconds") || item.first.ends_with("peak_memory");
  });
  return all;
}

std::map<std::string, std::string> reproducible_parts(const std::filesystem::path& folder) {
  std::map<std::string, std::string> all;
  for (const auto& cell : std::filesystem::directory_iterator(folder / "cells"))
    if (const auto file = cell.path() / "result.h5"; std::filesystem::exists(file))
      for (auto& [name, value] : reproducible_part(file))
        all[cell.path().filename().string() + "/" + name] = std::move(value);
  return all;
}

std::vector<std::string> differences(const std::map<std::string, std::string>& a,
                                     const std::map<std::string, std::string>& b) {
  std::vector<std::string> names;
  for (const auto& [name, value] : a)
    if (const auto other = b.find(name); other == b.end() || other->second != value)
      names.push_back(name);
  for (const auto& [name, value] : b)
    if (!a.contains(name)) names.push_back(name);
  return names;
}

}  // namespace gibbsite::test
