#include "gibbsite/io/provenance.hpp"

#include <elf.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>

#include "gibbsite/build_info.hpp"
#include "gibbsite/io/files.hpp"
#include "gibbsite/io/loader.hpp"

namespace gibbsite {
namespace {

template <class T>
bool read_at(std::ifstream& file, std::uint64_t offset, T& value) {
  file.seekg(std::streamoff(offset));
  return bool(file.read(reinterpret_cast<char*>(&value), sizeof value));
}

// The build id among the notes of a segment; empty where it is not there.
std::string build_id_note(std::ifstream& file, const Elf64_Phdr& segment) {
  const auto padded = [](std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; };
  Elf64_Nhdr note;
  for (std::uint64_t at = segment.p_offset; at + sizeof note < segment.p_offset + segment.p_filesz;
       at += sizeof note + padded(note.n_namesz) + padded(note.n_descsz)) {
    if (!read_at(file, at, note)) return "";
    std::array<unsigned char, 6> id{};
    if (note.n_type != NT_GNU_BUILD_ID || note.n_descsz < id.size()) continue;
    if (!read_at(file, at + sizeof note + padded(note.n_namesz), id)) return "";
    char text[13];
    for (std::size_t k = 0; k < id.size(); ++k)
      std::snprintf(text + 2 * k, 3, "%02x", unsigned{id[k]});
    return text;
  }
  return "";
}

}  // namespace

std::string git_commit() {
  std::ifstream file(module_folder().parent_path() / "commit");
  std::string commit;
  return std::getline(file, commit) ? commit : "unknown";
}
bool git_dirty() { return git_commit().ends_with("-dirty"); }
std::string compiler() { return GIBBSITE_COMPILER; }
std::string compiler_flags() { return GIBBSITE_FLAGS; }

std::string cpu_features() {
  std::ifstream info("/proc/cpuinfo");
  std::string line, model, flags;
  while (std::getline(info, line) && (model.empty() || flags.empty())) {
    const auto colon = line.find(": ");
    if (colon == std::string::npos) continue;
    if (line.starts_with("model name")) model = line.substr(colon + 2);
    if (line.starts_with("flags")) flags = line.substr(colon + 2);
  }
  return model + ": " + flags;
}

std::string host_name() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

std::vector<std::string> scheduler_ids() {
  std::vector<std::string> ids;
  for (const char* name : {"SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID",
                           "SLURM_PROCID", "SLURM_RESTART_COUNT", "SLURMD_NODENAME"})
    if (const char* value = std::getenv(name)) ids.push_back(std::string(name) + "=" + value);
  return ids;
}

std::string build_id(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  Elf64_Ehdr head{};
  if (read_at(file, 0, head) && std::memcmp(head.e_ident, ELFMAG, SELFMAG) == 0)
    for (unsigned k = 0; k < head.e_phnum; ++k) {
      Elf64_Phdr segment{};
      if (!read_at(file, head.e_phoff + k * std::uint64_t{head.e_phentsize}, segment)) break;
      if (segment.p_type != PT_NOTE) continue;
      if (const std::string id = build_id_note(file, segment); !id.empty()) return id;
    }
  return sha256_of_file(path).substr(0, 12);
}

std::string utc_now() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

double peak_memory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return double(usage.ru_maxrss) * 1024;
}

}  // namespace gibbsite
