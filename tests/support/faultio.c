// Fails calls to the system on purpose, preloaded into a program (LD_PRELOAD).
//   FAULT_OP     which calls: a list of write, pwrite, fsync, rename, link, ftruncate, unlink
//   FAULT_PATH   part of the path of the files concerned
//   FAULT_NTH    which of those calls, from 1; from then on all, with FAULT_STICKY set
//   FAULT_ERRNO  what they fail with (default: no space left on the device)
//   FAULT_KILL   while set, the process is killed instead of the call failing
//   FAULT_FREE   while this file exists, nothing fails
//   FAULT_COUNT  a file that gets one byte per call concerned
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static long seen = 0;

static int asked_for(const char* operation) {
  const char* list = getenv("FAULT_OP");
  const size_t length = strlen(operation);
  for (const char* at = list; at != NULL; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
    if (strncmp(at, operation, length) == 0 && (at[length] == ',' || at[length] == '\0')) return 1;
  return 0;
}

static int fails(const char* operation, const char* path) {
  const char *part = getenv("FAULT_PATH"), *nth = getenv("FAULT_NTH"),
             *code = getenv("FAULT_ERRNO");
  const char *open_gate = getenv("FAULT_FREE"), *counter = getenv("FAULT_COUNT");
  if (!asked_for(operation) || part == NULL || path == NULL || strstr(path, part) == NULL) return 0;
  const long number = __sync_add_and_fetch(&seen, 1);
  if (counter != NULL) {
    const int file = (int)syscall(SYS_open, counter, O_WRONLY | O_CREAT | O_APPEND, 0644);
    if (file >= 0) {
      if (syscall(SYS_write, file, "x", 1) < 0) seen += 0;
      syscall(SYS_close, file);
    }
  }
  if (open_gate != NULL && access(open_gate, F_OK) == 0) return 0;
  const long from = nth == NULL ? 0 : atol(nth);
  if (from <= 0 || number < from || (number > from && getenv("FAULT_STICKY") == NULL)) return 0;
  if (getenv("FAULT_KILL") != NULL) kill(getpid(), SIGKILL);
  errno = code == NULL ? ENOSPC : atoi(code);
  return 1;
}

static int file_fails(const char* operation, int file) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = '\0';
  return fails(operation, path);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void* bytes, size_t count) {
  return file_fails("write", file) ? -1 : NEXT(write)(file, bytes, count);
}
ssize_t pwrite(int file, const void* bytes, size_t count, off_t offset) {
  return file_fails("pwrite", file) ? -1 : NEXT(pwrite)(file, bytes, count, offset);
}
ssize_t pwrite64(int file, const void* bytes, size_t count, off64_t offset) {
  return file_fails("pwrite", file) ? -1 : NEXT(pwrite64)(file, bytes, count, offset);
}
int fsync(int file) { return file_fails("fsync", file) ? -1 : NEXT(fsync)(file); }
int rename(const char* from, const char* to) {
  return fails("rename", to) ? -1 : NEXT(rename)(from, to);
}
int link(const char* from, const char* to) {
  return fails("link", to) ? -1 : NEXT(link)(from, to);
}
int ftruncate(int file, off_t length) {
  return file_fails("ftruncate", file) ? -1 : NEXT(ftruncate)(file, length);
}
int ftruncate64(int file, off64_t length) {
  return file_fails("ftruncate", file) ? -1 : NEXT(ftruncate64)(file, length);
}
int unlink(const char* path) { return fails("unlink", path) ? -1 : NEXT(unlink)(path); }
int unlinkat(int folder, const char* name, int flags) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  ssize_t length = folder == AT_FDCWD ? 0 : readlink(link, path, sizeof path - 300);
  if (length < 0) length = 0;
  snprintf(path + length, sizeof path - (size_t)length, "%s%.255s", length > 0 ? "/" : "", name);
  return fails("unlink", path) ? -1 : NEXT(unlinkat)(folder, name, flags);
}
