// The steps of SHA-256 alone: OpenSSL's other functions, SHA256() too, bring in its providers and
// their configuration, which takes longer than most hashes.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "gibbsite/io/files.hpp"

#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <utility>

#include "gibbsite/core/error.hpp"

namespace gibbsite {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const std::string& what) {
  throw StorageError(path.string() + ": " + what + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags)
      : path_(path), file_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    if (file_ < 0) fail(path, "cannot be opened");
  }
  ~Descriptor() {
    if (file_ >= 0) ::close(file_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return file_; }
  void sync() const {
    if (::fsync(file_) != 0) fail(path_, "cannot be synced");
  }
  void close() {
    const int file = std::exchange(file_, -1);
    if (::close(file) != 0) fail(path_, "cannot be closed");
  }

 private:
  fs::path path_;
  int file_;
};

std::string digest_of(SHA256_CTX& state) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256_Final(digest, &state);
  std::string text;
  for (const unsigned char byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace

void sync_files(const std::vector<fs::path>& files) {
  std::vector<std::unique_ptr<Descriptor>> open;
  for (const fs::path& file : files) {
    open.push_back(std::make_unique<Descriptor>(file, O_RDONLY));
    // Only a hint; what it cannot do, the sync does or reports.
    ::sync_file_range(open.back()->get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  }
  for (const auto& file : open) file->sync();
}

void sync_folder(const fs::path& folder) {
  Descriptor(folder.empty() ? fs::path(".") : folder, O_RDONLY | O_DIRECTORY).sync();
}

void rename_file(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    fail(to, "cannot be renamed from " + from.filename().string());
}

void publish_file(const fs::path& from, const fs::path& to) {
  sync_files({from});
  rename_file(from, to);
  sync_folder(to.parent_path());
}

bool publish_first(const fs::path& from, const fs::path& to) {
  sync_files({from});
  const bool first = ::link(from.c_str(), to.c_str()) == 0;
  if (!first && errno != EEXIST) fail(to, "cannot be linked from " + from.filename().string());
  ::unlink(from.c_str());
  sync_folder(to.parent_path());
  return first;
}

std::string unique_name() {
  static const std::uint64_t chance = [] {
    std::random_device device;
    return std::uint64_t(device()) << 32 | device();
  }();
  static std::atomic<std::uint64_t> count{0};
  char name[64];
  // The process too: a fork has the same chance.
  std::snprintf(name, sizeof name, "%016llx.%d.%llu", static_cast<unsigned long long>(chance),
                int(::getpid()), static_cast<unsigned long long>(++count));
  return name;
}

fs::path write_beside(const fs::path& path, const std::string& bytes) {
  // A rename would put a file in the place of a device or a pipe.
  std::error_code unknown;  // where the system will not say, opening the file does
  const fs::file_status there = fs::status(path, unknown);
  if (fs::exists(there) && !fs::is_regular_file(there))
    throw StorageError(path.string() + ": is no regular file");
  fs::path beside = path;
  beside += ".tmp." + unique_name();
  try {
    Descriptor file(beside, O_WRONLY | O_CREAT | O_TRUNC);
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t wrote = ::write(file.get(), bytes.data() + done, bytes.size() - done);
      if (wrote < 0 && errno != EINTR) fail(path, "cannot be written");
      if (wrote > 0) done += std::size_t(wrote);
    }
    file.close();
  } catch (...) {
    ::unlink(beside.c_str());
    throw;
  }
  return beside;
}

void write_file(const fs::path& path, const std::string& bytes) {
  const fs::path beside = write_beside(path, bytes);
  try {
    publish_file(beside, path);
  } catch (...) {
    ::unlink(beside.c_str());
    throw;
  }
}

std::string read_file(const fs::path& path) {
  const Descriptor file(path, O_RDONLY);
  std::string bytes;
  char buffer[1 << 16];
  while (true) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno != EINTR) fail(path, "cannot be read");
    if (got == 0) return bytes;
    if (got > 0) bytes.append(buffer, std::size_t(got));
  }
}

void make_folder(const fs::path& path) {
  std::error_code fault;
  fs::create_directories(path, fault);
  if (fault) throw StorageError(path.string() + ": cannot be created: " + fault.message());
  if (::access(path.c_str(), W_OK | X_OK) != 0) fail(path, "cannot be written to");
}

std::string sha256(const std::string& bytes) {
  SHA256_CTX state;
  SHA256_Init(&state);
  SHA256_Update(&state, bytes.data(), bytes.size());
  return digest_of(state);
}

std::string sha256_of_file(const fs::path& path) {
  const Descriptor file(path, O_RDONLY);
  SHA256_CTX state;
  SHA256_Init(&state);
  char buffer[1 << 16];
  while (true) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno != EINTR) fail(path, "cannot be read");
    if (got == 0) return digest_of(state);
    if (got > 0) SHA256_Update(&state, buffer, std::size_t(got));
  }
}

FileLock::FileLock(const fs::path& path) {
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file_ < 0) fail(path, "cannot be opened");
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(file_);
    file_ = -1;
  }
}

FileLock::~FileLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace gibbsite
