// Digests, durable writes and locks.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gibbsite/core/error.hpp>
#include <gibbsite/io/files.hpp>
#include <thread>

#include "support/program.hpp"

using namespace gibbsite;
using namespace gibbsite::test;

TEST_CASE("SHA-256 gives the answers of FIPS 180") {
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256(std::string(1000000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("the digest of a file is that of its content") {
  const TemporaryFolder folder;
  const std::string bytes = std::string(200000, 'x') + std::string("\0y", 2);
  CHECK(sha256_of_file(folder.write("f", bytes)) == sha256(bytes));
  CHECK(sha256_of_file(folder.write("empty", "")) == sha256(""));
  CHECK_THROWS_AS(sha256_of_file(folder / "none"), StorageError);
}

TEST_CASE("a written file is read back byte by byte and leaves nothing beside it") {
  const TemporaryFolder folder;
  std::string bytes;
  for (int k = 0; k < 300000; ++k) bytes += char(k * 31 % 251);
  write_file(folder / "f", bytes);
  CHECK(read_file(folder / "f") == bytes);
  write_file(folder / "f", "");
  CHECK(read_file(folder / "f").empty());
  CHECK(files_below(folder.path()) == std::vector<std::string>{"f"});
}

TEST_CASE("a write that fails keeps the old file and says why") {
  const TemporaryFolder folder;
  try {
    write_file(folder / "none" / "f", "x");
    FAIL("a file was written into a folder that is not there");
  } catch (const StorageError& fault) {
    CHECK(occurrences(fault.what(), "No such file or directory") == 1);
    CHECK(occurrences(fault.what(), (folder / "none").string()) == 1);
  }
  fs::create_directory(folder / "taken");
  CHECK_THROWS_AS(write_file(folder / "taken", "x"), StorageError);
  CHECK(files_below(folder.path()).empty());
  fs::create_symlink("/dev/full", folder / "device");
  CHECK_THROWS_AS(write_file(folder / "device", "x"), StorageError);
  CHECK(fs::is_character_file(folder / "device"));
}

TEST_CASE("readers see the old or the new file, never a part") {
  const TemporaryFolder folder;
  const std::string a(1 << 16, 'a'), b(1 << 16, 'b');
  write_file(folder / "f", a);
  std::thread writer([&] {
    for (int k = 0; k < 40; ++k) write_file(folder / "f", k % 2 == 0 ? b : a);
  });
  int wrong = 0;
  for (int k = 0; k < 400; ++k) {
    const std::string seen = read_file(folder / "f");
    wrong += seen == a || seen == b ? 0 : 1;
  }
  writer.join();
  CHECK(wrong == 0);
}

TEST_CASE("folders are made with their parents, or the reason is given") {
  const TemporaryFolder folder;
  make_folder(folder / "a/b/c");
  CHECK(fs::is_directory(folder / "a/b/c"));
  make_folder(folder / "a/b/c");
  folder.write("file", "");
  CHECK_THROWS_AS(make_folder(folder / "file/below"), StorageError);
}

TEST_CASE("a lock is held by one at a time and dropped by the kernel when its holder is killed") {
  const TemporaryFolder folder;
  {
    const FileLock first(folder / "lock");
    CHECK(first.held());
    CHECK_FALSE(FileLock(folder / "lock").held());
  }
  CHECK(FileLock(folder / "lock").held());

  int ready[2];
  REQUIRE(::pipe(ready) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const FileLock own(folder / "lock");
    const char byte = own.held() ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) == 1) ::pause();
    ::_exit(1);
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  CHECK(byte == 'y');
  CHECK_FALSE(FileLock(folder / "lock").held());
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(FileLock(folder / "lock").held());
  CHECK_THROWS_AS(FileLock(folder / "none" / "lock"), StorageError);
  ::close(ready[0]);
  ::close(ready[1]);
}
