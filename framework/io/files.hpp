// Durable files and digests.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace gibbsite {

/// Writes `bytes` beside `path`, fsyncs, renames and fsyncs the folder: `path` is the old file or
/// the whole new one, never a part. Throws StorageError with the system's reason.
void write_file(const std::filesystem::path& path, const std::string& bytes);

/// Makes a finished file durable under its final name: fsync, rename, fsync of the folder.
void publish_file(const std::filesystem::path& from, const std::filesystem::path& to);
/// The same, but where `to` is there already it stays and `from` goes: the first one wins, on
/// network file systems too. Returns whether `from` did.
bool publish_first(const std::filesystem::path& from, const std::filesystem::path& to);

/// Writes `bytes` into a new file beside `path` and returns its name. It is durable when it is
/// published. Throws StorageError with the system's reason.
std::filesystem::path write_beside(const std::filesystem::path& path, const std::string& bytes);
/// Waits until the contents of complete files are on the disk. All are under way before one is
/// waited for, so that many cost little more than one.
void sync_files(const std::vector<std::filesystem::path>& files);
/// Waits until the names in a folder are on the disk.
void sync_folder(const std::filesystem::path& folder);
/// Gives a file another name in its folder; not durable by itself.
void rename_file(const std::filesystem::path& from, const std::filesystem::path& to);

/// A word that no other process on any machine makes, for the names of passing files.
std::string unique_name();

/// The whole file. Throws StorageError where it cannot be read.
std::string read_file(const std::filesystem::path& path);

/// Creates a folder and its parents. Throws StorageError with the system's reason.
void make_folder(const std::filesystem::path& path);

/// SHA-256 as 64 hex digits (OpenSSL).
std::string sha256(const std::string& bytes);
/// SHA-256 of a file's content.
std::string sha256_of_file(const std::filesystem::path& path);

/// An exclusive lock on a file that the kernel drops when the process ends, however it ends. Where
/// the file system knows no locks it counts as taken.
class FileLock {
 public:
  /// Tries to take the lock; `held()` says whether it was free.
  explicit FileLock(const std::filesystem::path& path);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  bool held() const { return file_ >= 0; }

 private:
  int file_ = -1;
};

}  // namespace gibbsite
