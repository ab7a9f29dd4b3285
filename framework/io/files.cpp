#include "gibbsite/io/files.hpp"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
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

fs::path folder_of(const fs::path& path) {
  return path.parent_path().empty() ? fs::path(".") : path.parent_path();
}

// Hashes need no configuration of the system's, whose reading takes longer than most of them.
void prepare_openssl() {
  static const int once =
      OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ADD_ALL_CIPHERS, nullptr);
  (void)once;
}

std::string hex(const unsigned char* bytes, std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += "0123456789abcdef"[bytes[i] >> 4];
    text += "0123456789abcdef"[bytes[i] & 15];
  }
  return text;
}

}  // namespace

void publish_file(const fs::path& from, const fs::path& to) {
  Descriptor(from, O_RDONLY).sync();
  if (::rename(from.c_str(), to.c_str()) != 0)
    fail(to, "cannot be renamed from " + from.filename().string());
  Descriptor(folder_of(to), O_RDONLY | O_DIRECTORY).sync();
}

bool publish_first(const fs::path& from, const fs::path& to) {
  Descriptor(from, O_RDONLY).sync();
  const bool first = ::link(from.c_str(), to.c_str()) == 0;
  if (!first && errno != EEXIST) fail(to, "cannot be linked from " + from.filename().string());
  ::unlink(from.c_str());
  Descriptor(folder_of(to), O_RDONLY | O_DIRECTORY).sync();
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

void write_file(const fs::path& path, const std::string& bytes) {
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
    file.sync();
    file.close();
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
  prepare_openssl();
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  return hex(digest, size);
}

std::string sha256_of_file(const fs::path& path) {
  prepare_openssl();
  const Descriptor file(path, O_RDONLY);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> state(EVP_MD_CTX_new(),
                                                                      &EVP_MD_CTX_free);
  EVP_DigestInit_ex(state.get(), EVP_sha256(), nullptr);
  char buffer[1 << 16];
  while (true) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno != EINTR) fail(path, "cannot be read");
    if (got == 0) break;
    if (got > 0) EVP_DigestUpdate(state.get(), buffer, std::size_t(got));
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_DigestFinal_ex(state.get(), digest, &size);
  return hex(digest, size);
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
