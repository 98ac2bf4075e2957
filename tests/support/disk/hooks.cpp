// What is put before the C library's and ZeroMQ's functions of the same names, by LD_PRELOAD. Those that the recorder's
// store does not use today and that could write past the witness are named as violations when they are.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>
#include <zmq.h>

#include <cstdarg>

#include "support/disk/witness.h"

using lifesign::tests::DurableFile;
using lifesign::tests::Witness;

namespace {

template <class F>
F* next(F*, const char* name) {
  return reinterpret_cast<F*>(::dlsym(RTLD_NEXT, name));
}
#define NEXT(name) static auto* const real = next(&::name, #name)

Witness* watching(int fd) {
  Witness* witness = Witness::get();
  return witness != nullptr && witness->watches(fd) ? witness : nullptr;
}

int sync(int fd, int (*real)(int)) {
  Witness* witness = Witness::get();
  if (witness == nullptr) return real(fd);
  if (!witness->watches(fd)) {
    if (witness->swallows(Witness::Sync::folder)) return 0;
    const int rc = real(fd);
    if (rc == 0) witness->synced_folder(fd);
    return rc;
  }
  if (witness->swallows(Witness::Sync::data)) return 0;
  const auto syncing = witness->begin_sync(fd);
  const int rc = real(fd);
  if (rc == 0) witness->synced(syncing);
  return rc;
}

void wrote(Witness& witness, int fd, std::uint64_t offset, const void* bytes, ssize_t written) {
  if (written <= 0) return;
  witness.wrote(fd, {offset, std::string(static_cast<const char*>(bytes), static_cast<std::size_t>(written))},
                witness.writes_through(fd));
}

}  // namespace

extern "C" {
#pragma GCC visibility push(default)

int open(const char* path, int flags, ...) {
  NEXT(open);
  std::va_list args;
  va_start(args, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
  va_end(args);
  const int fd = real(path, flags, mode);
  if (Witness* witness = Witness::get()) witness->opened(fd, path, flags);
  return fd;
}

int close(int fd) {
  NEXT(close);
  if (Witness* witness = watching(fd)) witness->closed(fd);
  return real(fd);
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  NEXT(pwrite);
  const ssize_t written = real(fd, bytes, count, offset);
  if (Witness* witness = watching(fd)) wrote(*witness, fd, static_cast<std::uint64_t>(offset), bytes, written);
  return written;
}

ssize_t write(int fd, const void* bytes, size_t count) {
  NEXT(write);
  Witness* witness = watching(fd);
  const off_t offset = witness != nullptr ? ::lseek(fd, 0, SEEK_CUR) : 0;
  const ssize_t written = real(fd, bytes, count);
  if (witness != nullptr) wrote(*witness, fd, static_cast<std::uint64_t>(offset), bytes, written);
  return written;
}

ssize_t writev(int fd, const iovec* parts, int count) {
  NEXT(writev);
  Witness* witness = watching(fd);
  off_t offset = witness != nullptr ? ::lseek(fd, 0, SEEK_CUR) : 0;
  const ssize_t written = real(fd, parts, count);
  if (witness == nullptr) return written;
  ssize_t left = written;
  for (int i = 0; i < count && left > 0; ++i) {
    const ssize_t part = std::min(left, static_cast<ssize_t>(parts[i].iov_len));
    wrote(*witness, fd, static_cast<std::uint64_t>(offset), parts[i].iov_base, part);
    offset += part;
    left -= part;
  }
  return written;
}

int fsync(int fd) {
  NEXT(fsync);
  return sync(fd, real);
}

int fdatasync(int fd) {
  NEXT(fdatasync);
  return sync(fd, real);
}

ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
  NEXT(pwritev);
  if (Witness* witness = watching(fd)) witness->violation("pwritev on the database: the witness does not know it");
  return real(fd, parts, count, offset);
}

int ftruncate(int fd, off_t size) noexcept {
  NEXT(ftruncate);
  if (Witness* witness = watching(fd)) witness->violation("ftruncate of the database: the witness does not know it");
  return real(fd, size);
}

void* mmap(void* at, size_t size, int protection, int flags, int fd, off_t offset) noexcept {
  NEXT(mmap);
  const bool writes = (protection & PROT_WRITE) != 0 && (flags & MAP_SHARED) != 0 && fd >= 0;
  if (Witness* witness = writes ? watching(fd) : nullptr)
    witness->violation("the database is mapped for writing: the witness cannot see that");
  return real(at, size, protection, flags, fd, offset);
}

int zmq_msg_send(zmq_msg_t* message, void* socket, int flags) {
  NEXT(zmq_msg_send);
  if (Witness* witness = Witness::get())
    witness->says({static_cast<const char*>(::zmq_msg_data(message)), ::zmq_msg_size(message)});
  return real(message, socket, flags);
}

int zmq_send(void* socket, const void* bytes, size_t count, int flags) {
  NEXT(zmq_send);
  if (Witness* witness = Witness::get()) witness->says({static_cast<const char*>(bytes), count});
  return real(socket, bytes, count, flags);
}

#pragma GCC visibility pop
}
