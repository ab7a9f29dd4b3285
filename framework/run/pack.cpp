#include "gibbsite/run/pack.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <map>
#include <numeric>

#include "gibbsite/io/files.hpp"
#include "gibbsite/io/hdf5.hpp"
#include "gibbsite/run/process.hpp"
#include "gibbsite/run/schedule.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;

// What a pack says of one of its cells.
struct PackEntry {
  std::string status, log;
};
using PackIndex = std::map<std::string, PackEntry>;

fs::path pack_file(const fs::path& folder) { return folder / "packed.h5"; }

PackIndex read_index(const fs::path& file) {
  PackIndex index;
  const Hdf5Reader reader(file);
  const auto ids = reader.read_texts("/cells/id"), status = reader.read_texts("/cells/status_yaml"),
             logs = reader.read_texts("/cells/log");
  for (std::size_t k = 0; k < ids.size(); ++k) index[ids[k]] = {status[k], logs[k]};
  return index;
}

// The index of a folder's pack, read again where the file has become another.
const PackIndex& index_of(const fs::path& folder) {
  struct Known {
    ino_t number = 0;
    timespec changed{};
    PackIndex index;
  };
  static std::map<fs::path, Known> all;
  static const PackIndex none;
  struct stat info {};
  if (::stat(pack_file(folder).c_str(), &info) != 0) return none;
  Known& known = all[folder];
  if (known.number != info.st_ino || known.changed.tv_sec != info.st_mtim.tv_sec ||
      known.changed.tv_nsec != info.st_mtim.tv_nsec)
    known = {info.st_ino, info.st_mtim, read_index(pack_file(folder))};
  return known.index;
}

fs::path run_folder_of(const fs::path& cell) { return cell.parent_path().parent_path(); }

const PackEntry* packed_entry(const fs::path& cell) {
  const PackIndex& index = index_of(run_folder_of(cell));
  const auto found = index.find(cell.filename().string());
  return found == index.end() ? nullptr : &found->second;
}

// Whether the folder of a cell holds nothing but what a pack keeps.
bool holds_only_ours(const fs::path& cell) {
  const std::set<std::string> ours = {"lock", "cell.yaml", "log.txt", "status.yaml", "result.h5"};
  for (const auto& item : fs::directory_iterator(cell))
    if (!ours.contains(item.path().filename().string())) return false;
  return true;
}

using Sources = std::vector<std::pair<fs::path, std::string>>;

// Copies in a process of its own: HDF5 1.10 crashes where the disk is full while it copies.
void copy_apart(const fs::path& file, const Sources& sources) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw StorageError("cannot make a pipe");
  std::fflush(nullptr);
  const pid_t host = ::getpid(), pid = ::fork();
  if (pid < 0) throw StorageError("cannot start a process");
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != host) ::_exit(3);
    try {
      copy_results(file, sources);
      ::_exit(0);
    } catch (const std::exception& fault) {
      const std::string text = fault.what();
      ::_exit(::write(ends[1], text.data(), text.size()) < 0 ? 4 : 3);
    }
  }
  ::close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) != 0;)
    if (got > 0)
      text.append(buffer, std::size_t(got));
    else if (errno != EINTR)
      break;
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status))
    text = file.string() + ": cannot be written: HDF5 ended by " + signal_text(WTERMSIG(status)) +
           " (is the disk full?)";
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) throw StorageError(text);
}

// Writes and publishes the pack of these cells, each from where it is now.
void write_pack(const fs::path& folder, const PackIndex& index, const Sources& sources) {
  const fs::path beside = folder / "packed.h5.tmp", filled = folder / "packed.h5.new";
  fs::remove(beside);
  fs::remove(filled);
  std::vector<std::string> ids, status, logs;
  for (const auto& [id, entry] : index) {
    ids.push_back(id);
    status.push_back(entry.status);
    logs.push_back(entry.log);
  }
  std::vector<double> numbers(ids.size());
  std::iota(numbers.begin(), numbers.end(), 0.0);
  Hdf5Writer file(beside);
  file.attribute("/", "gibbsite_format", std::int64_t{1});
  file.dimension("/cells", "cell", numbers);
  file.put_texts("/cells", "id", "cell", ids);
  file.put_texts("/cells", "status_yaml", "cell", status);
  file.put_texts("/cells", "log", "cell", logs);
  file.finish(filled);
  try {
    copy_apart(filled, sources);
    const PackIndex written = read_index(filled);
    const Hdf5Reader reader(filled);
    for (const auto& [id, entry] : index)
      if (!written.contains(id) || reader.text_attribute("/" + id, "cell") != id)
        throw StorageError(filled.string() + ": cell " + id + " cannot be read back");
  } catch (...) {
    std::error_code ignored;
    fs::remove(filled, ignored);
    throw;
  }
  publish_file(filled, pack_file(folder));
}

// Keeps other programs from packing the folder.
std::unique_ptr<FileLock> packing(const fs::path& folder) {
  auto lock = std::make_unique<FileLock>(folder / ".pack.lock");
  if (!lock->held()) throw Error(folder.string() + ": another program is packing it");
  return lock;
}

Sources packed_sources(const fs::path& folder, const PackIndex& index) {
  Sources sources;
  for (const auto& [id, entry] : index)
    sources.emplace_back(pack_file(folder).string() + ":/" + id, id);
  return sources;
}

}  // namespace

fs::path result_path(const fs::path& cell) {
  if (fs::exists(cell / "result.h5")) return cell / "result.h5";
  if (packed_entry(cell) == nullptr) return {};
  return pack_file(run_folder_of(cell)).string() + ":/" + cell.filename().string();
}

std::optional<std::string> packed_status(const fs::path& cell) {
  const PackEntry* entry = packed_entry(cell);
  return entry == nullptr ? std::nullopt : std::optional<std::string>(entry->status);
}

Packed pack_cells(const fs::path& folder, std::uintmax_t largest) {
  const Plan plan = read_plan(folder);
  const auto lock = packing(folder);
  PackIndex index = index_of(folder);
  Sources sources = packed_sources(folder, index);
  Packed packed;
  std::vector<fs::path> settled;  // cells that may go once the pack is there
  for (const PlannedCell& cell : plan.cells) {
    const fs::path own = cell_folder(folder, cell.id), result = own / "result.h5";
    if (index.contains(cell.id)) {
      // Packed by a program that was stopped before it could remove the cell.
      if (fs::exists(own)) settled.push_back(own);
      continue;
    }
    if (!fs::exists(result) || cell_state(folder, cell) != "complete") continue;
    const auto size = fs::file_size(result);
    const bool small = size <= largest, ours = holds_only_ours(own);
    packed.large += small ? 0 : 1;
    packed.other += small && !ours ? 1 : 0;
    if (!small || !ours) continue;
    index[cell.id] = {read_file(own / "status.yaml"),
                      fs::exists(own / "log.txt") ? read_file(own / "log.txt") : ""};
    sources.emplace_back(result, cell.id);
    settled.push_back(own);
    ++packed.added;
    packed.before += size;
  }
  if (packed.added > 0) {
    if (fs::exists(pack_file(folder))) packed.before += fs::file_size(pack_file(folder));
    write_pack(folder, index, sources);
  }
  for (const fs::path& cell : settled) {
    std::error_code fault;
    fs::remove_all(cell, fault);
    if (fault) throw StorageError(cell.string() + ": cannot be removed: " + fault.message());
  }
  packed.all = index.size();
  if (packed.all > 0) packed.now = fs::file_size(pack_file(folder));
  return packed;
}

void drop_packed(const fs::path& folder, const std::set<std::string>& ids) {
  PackIndex index = index_of(folder);
  if (std::erase_if(index, [&](const auto& item) { return ids.contains(item.first); }) == 0) return;
  const auto lock = packing(folder);
  write_pack(folder, index, packed_sources(folder, index));
}

}  // namespace gibbsite
