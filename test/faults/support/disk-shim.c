/*
 * Loaded with LD_PRELOAD, makes chosen file operations fail or take long, switched on and off while the program runs.
 *
 * FERRY_DISK_SHIM names a folder. Its file `rules` is read at every call; each line is
 *     number operation error delay-ms times pattern
 * number: of this rule, below 64, under which its uses are counted; operation: write (write, writev, pwrite, pwritev) or sync (fsync, fdatasync); error: an errno, 0 = the real call
 * follows; times: so often within this process, then the rule is spent; pattern: of the whole path, as for fnmatch. Every
 * call that a rule applied to is told in the file `hits`, as "operation path".
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))
#define RULES 64

static atomic_int used[RULES];

static void note(const char *folder, const char *operation, const char *path) {
  char name[4200], line[4200];
  snprintf(name, sizeof name, "%s/hits", folder);
  int file = open(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return;
  int length = snprintf(line, sizeof line, "%s %s\n", operation, path);
  syscall(SYS_write, file, line, (size_t)length);
  close(file);
}

static int read_rules(const char *folder, char *text, size_t size) {
  char name[4200];
  snprintf(name, sizeof name, "%s/rules", folder);
  int file = open(name, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t length = read(file, text, size - 1);
  close(file);
  if (length <= 0) return 0;
  text[length] = 0;
  return 1;
}

static void wait_ms(long ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

/* The errno with which the operation on this descriptor fails; 0 = it goes on. */
static int fault(const char *operation, int descriptor) {
  const char *folder = getenv("FERRY_DISK_SHIM");
  char link[64], path[4096], text[4096], *rest;
  if (folder == NULL || !read_rules(folder, text, sizeof text)) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
    char of[16], pattern[3000];
    unsigned number;
    int error, times;
    long delay;
    if (sscanf(line, "%u %15s %d %ld %d %2999s", &number, of, &error, &delay, &times, pattern) != 6) continue;
    if (number >= RULES || strcmp(of, operation) != 0 || fnmatch(pattern, path, 0) != 0) continue;
    if (atomic_fetch_add(&used[number], 1) >= times) continue;
    note(folder, operation, path);
    if (delay > 0) wait_ms(delay);
    return error;
  }
  return 0;
}

#define GUARD(operation, descriptor) \
  do { \
    int error = fault(operation, descriptor); \
    if (error != 0) { \
      errno = error; \
      return -1; \
    } \
  } while (0)

int fsync(int fd) {
  GUARD("sync", fd);
  return REAL(fsync)(fd);
}
int fdatasync(int fd) {
  GUARD("sync", fd);
  return REAL(fdatasync)(fd);
}
ssize_t write(int fd, const void *bytes, size_t size) {
  GUARD("write", fd);
  return REAL(write)(fd, bytes, size);
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
  GUARD("write", fd);
  return REAL(writev)(fd, parts, count);
}
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
  GUARD("write", fd);
  return REAL(pwrite)(fd, bytes, size, at);
}
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
  GUARD("write", fd);
  return REAL(pwrite64)(fd, bytes, size, at);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
  GUARD("write", fd);
  return REAL(pwritev)(fd, parts, count, at);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) {
  GUARD("write", fd);
  return REAL(pwritev64)(fd, parts, count, at);
}
