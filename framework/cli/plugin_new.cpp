// plugin new: a folder that works, from the templates beside the installed modules.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "gibbsite/cli/plugin.hpp"
#include "gibbsite/io/files.hpp"
#include "gibbsite/io/loader.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;

fs::path templates() { return module_folder().parent_path() / "templates"; }

std::vector<std::string> kinds() {
  std::vector<std::string> names;
  std::error_code fault;
  for (const auto& item : fs::directory_iterator(templates(), fault))
    if (item.is_directory()) names.push_back(item.path().filename().string());
  if (names.empty()) throw Error(templates().string() + ": missing; is the installation complete?");
  std::sort(names.begin(), names.end());
  return names;
}

void require_name(const std::string& kind, const std::string& name) {
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const bool good = !name.empty() && name.size() <= 60 && is_letter(name[0]) &&
                    name.back() != '_' && name.find("__") == name.npos &&
                    name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == name.npos;
  if (!good)
    throw Error("plugin new: the name must be snake_case, e.g. my_sampler, got '" + name + "'");
  for (const char* ending : {".so", ".missing"})
    if (fs::exists(module_folder() / kind / (name + ending)))
      throw Error("plugin new: there is a " + kind + " '" + name + "' already (gibbsite help " +
                  kind + " " + name + ")");
}

// my_sampler -> MySampler. A one-word name gets its kind, so as not to be a class of the SDK.
std::string class_name(const std::string& kind, const std::string& name) {
  const std::string from = name.find('_') == name.npos ? name + "_" + kind : name;
  std::string out;
  bool upper = true;
  for (const char c : from) {
    if (c != '_') out += upper ? char(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = c == '_';
  }
  return out;
}

void replace_all(std::string& text, const std::string& word, const std::string& by) {
  for (std::size_t at = text.find(word); at != text.npos; at = text.find(word, at + by.size()))
    text.replace(at, word.size(), by);
}

}  // namespace

int plugin_new(const Command& self, const Arguments& arguments) {
  namespace po = boost::program_options;
  po::options_description options("options");
  options.add_options()("out,o", po::value<std::string>(), "the folder to make (default: NAME)");
  const auto values = parse_arguments(self, arguments, options, 2, 2);
  if (!values) return 0;
  const std::string kind = words(*values)[0], name = words(*values)[1];
  const auto known = kinds();
  if (std::find(known.begin(), known.end(), kind) == known.end())
    throw Error("plugin new: unknown kind '" + kind + "'" + known_names(kind, known));
  require_name(kind, name);
  const fs::path folder = values->contains("out") ? (*values)["out"].as<std::string>() : name;
  if (fs::exists(fs::symlink_status(folder)))
    throw Error("plugin new: " + folder.string() + " exists; give another folder by -o");
  make_folder(folder);
  std::vector<std::string> made;
  for (const fs::path& from : {templates() / kind, templates()})
    for (const auto& item : fs::directory_iterator(from)) {
      if (!item.is_regular_file()) continue;
      std::string file = item.path().filename().string(), text = read_file(item.path());
      replace_all(file, "my_plugin", name);
      replace_all(text, "my_plugin", name);
      replace_all(text, "MyPlugin", class_name(kind, name));
      replace_all(text, "my_kind", kind);
      write_file(folder / file, text);
      made.push_back(file);
    }
  std::sort(made.begin(), made.end());
  std::printf("made %s: %s\n", folder.c_str(), join(made).c_str());
  std::printf("next: cd %s; gibbsite plugin test %s.cpp --quick; gibbsite run spec.yaml\n",
              folder.c_str(), name.c_str());
  return 0;
}

}  // namespace gibbsite
