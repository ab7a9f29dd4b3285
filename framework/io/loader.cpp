#include "gibbsite/io/loader.hpp"

#include <dlfcn.h>
#include <elf.h>
#include <xmmintrin.h>

#include <boost/dll/shared_library.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "gibbsite/api/stamp.hpp"
#include "gibbsite/io/process_state.hpp"

namespace gibbsite {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& reason) {
  throw Error(file.string() + ": plugin refused: " + reason);
}

// The system's loader maps what the headers promise and dies of SIGBUS where the file is shorter.
void require_whole(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const auto size = std::filesystem::file_size(file);
  Elf64_Ehdr head{};
  stream.read(reinterpret_cast<char*>(&head), sizeof head);
  const bool native = stream && std::equal(ELFMAG, ELFMAG + SELFMAG, head.e_ident) &&
                      head.e_ident[EI_CLASS] == ELFCLASS64;
  if (!native) refuse(file, "it is no shared library of this machine");
  stream.seekg(std::streamoff(head.e_phoff));
  for (int k = 0; k < head.e_phnum; ++k) {
    Elf64_Phdr part{};
    stream.read(reinterpret_cast<char*>(&part), sizeof part);
    const bool inside = part.p_offset <= size && part.p_filesz <= size - part.p_offset;
    if (!stream || !inside)
      refuse(file, "it is cut off: " + std::to_string(size) + " bytes are too few");
  }
}

// What anyone may write, anyone may run as the user.
void require_private(const std::filesystem::path& file) {
  const auto anyone = std::filesystem::perms::others_write;
  if ((std::filesystem::status(file).permissions() & anyone) != std::filesystem::perms::none)
    refuse(file, "anyone may write to it (chmod o-w)");
}

void enter(const PluginTable& table, const std::filesystem::path& path,
           const std::filesystem::path& file, Registry& registry) {
  if (table.version != api_version)
    refuse(file, "its plugin API is version " + std::to_string(table.version) +
                     ", this program's is " + std::to_string(api_version));
  if (std::string(table.stamp) != GIBBSITE_STAMP)
    refuse(file, std::string("it was built for [") + table.stamp +
                     "], this program is [" GIBBSITE_STAMP "]");
  registry.module = path.string();
  try {
    table.enter(registry);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& fault_in_entry) {
    refuse(file, fault_in_entry.what());
  } catch (...) {
    refuse(file, "its entry threw something that is no std::exception");
  }
  registry.module.clear();
}

// A text that the build has put into a loaded module under a name; empty where it has not.
std::string text_in(const std::filesystem::path& file, const char* name) {
  if (file.empty()) return "";  // to dlopen that is the program itself
  void* const library = ::dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL | RTLD_NOLOAD);
  if (library == nullptr) return "";
  const auto* found = static_cast<const char*>(::dlsym(library, name));
  std::string text = found == nullptr ? "" : found;
  ::dlclose(library);  // gives back this reference; the module stays
  return text;
}

}  // namespace

void load_module(const std::filesystem::path& file, Registry& registry) {
  namespace dll = boost::dll;
  const auto path = std::filesystem::absolute(file).lexically_normal();
  if (!std::filesystem::is_regular_file(path)) refuse(file, "must be a regular file");
  require_private(path);
  require_whole(path);
  const ProcessState before;
  const unsigned state = _mm_getcsr();
  const auto mode = dll::load_mode::rtld_now | dll::load_mode::rtld_local;
  // Modules stay loaded: unloading code that objects still point to is never worth it.
  auto* library = new dll::shared_library();
  boost::dll::fs::error_code fault;
  library->load(path.string(), fault, mode);
  if (fault) {
    const char* reason = ::dlerror();
    refuse(file, reason != nullptr ? reason : fault.message());
  }
  if (((_mm_getcsr() ^ state) & 0x8040u) != 0) {
    before.restore();
    refuse(file, "it switches on flush-to-zero (linked with -ffast-math)");
  }
  if (!library->has("gibbsite_plugin"))
    refuse(file, "it has no entry 'gibbsite_plugin' (see GIBBSITE_PLUGIN)");
  enter(library->get<const PluginTable>("gibbsite_plugin"), path, file, registry);
  if (const std::string changed = before.restore(); !changed.empty())
    refuse(file, "it changes " + changed + " of the program while it is loaded");
}

std::string source_of_module(const std::filesystem::path& file) {
  return text_in(file, "gibbsite_plugin_source");
}

std::string comment_of_module(const std::filesystem::path& file) {
  return text_in(file, "gibbsite_plugin_comment");
}

void load_on_demand(const std::vector<std::filesystem::path>& folders, Registry& registry) {
  registry.load = [&registry, folders](Kind kind, const std::string& name) {
    if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos)
      return;
    std::vector<std::string> found;
    for (const auto& folder : folders)
      if (const auto file = folder / kind_name(kind) / (name + ".so");
          std::filesystem::exists(file))
        found.push_back(file.string());
    const std::string subject = std::string(kind_name(kind)) + " '" + name + "'";
    if (found.size() > 1)
      throw Error(subject + " is there twice, rename or remove one: " + join(found));
    if (!found.empty()) return load_module(found[0], registry);
    for (const auto& folder : folders) {
      std::ifstream left_out(folder / kind_name(kind) / (name + ".missing"));
      if (std::string reason; std::getline(left_out, reason))
        throw Error(subject + " is not in this build: " + reason);
    }
  };
  registry.available = [folders](Kind kind) {
    std::vector<std::string> names;
    std::error_code fault;
    for (const auto& folder : folders)
      for (const auto& item : std::filesystem::directory_iterator(folder / kind_name(kind), fault))
        if (item.path().extension() == ".so") names.push_back(item.path().stem().string());
    return names;
  };
}

std::vector<std::filesystem::path> module_folders() {
  std::vector<std::filesystem::path> folders = {module_folder()};
  const char* const given = std::getenv("GIBBSITE_PLUGIN_PATH");
  std::istringstream path(given == nullptr ? "" : given);
  for (std::string folder; std::getline(path, folder, ':');) {
    if (folder.empty()) continue;  // to others an empty element means the present folder
    if (!std::filesystem::path(folder).is_absolute())
      throw Error("GIBBSITE_PLUGIN_PATH: must hold full paths, got '" + folder + "'");
    folders.push_back(std::filesystem::path(folder) / GIBBSITE_STAMP_PRECISION);
  }
  return folders;
}

std::filesystem::path module_folder() {
  // The SDK library lies in <prefix>/lib and the modules in <prefix>/lib/gibbsite/<precision>.
  Dl_info info{};
  if (::dladdr(reinterpret_cast<const void*>(&kind_name), &info) == 0)
    throw Error("the SDK library cannot be located");
  const auto library = std::filesystem::canonical(info.dli_fname).parent_path();
  return library / "gibbsite" / GIBBSITE_STAMP_PRECISION;
}

}  // namespace gibbsite
