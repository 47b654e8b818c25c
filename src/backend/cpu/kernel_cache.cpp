// Compiled kernels on disk: one file each, written aside and renamed, checked when read.
#include "backend/cpu/kernel_cache.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <functional>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace croton {
namespace {

constexpr std::string_view entry_suffix = ".kernel", temporary_suffix = ".part";
constexpr uint64_t magic = 0x316c656e726b7263;  // "crkrnel1"
constexpr time_t hour = 3600;

// What a file begins with; slots and code follow. The checksum covers all that stands behind it.
struct Header {
  uint64_t magic, checksum, key_low, key_high;
  uint32_t entry, slots;
  uint64_t code_bytes;
};

class File {
 public:
  File(const std::string& path, int flags) : number_(open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600)) {}
  ~File() {
    if (number_ >= 0) close(number_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int number() const { return number_; }
  bool is_open() const { return number_ >= 0; }

 private:
  int number_;
};

bool write_all(int file, const std::vector<uint8_t>& bytes) {
  // To pass this limit is a signal that ends the process, where nobody ignores it.
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur < bytes.size()) return false;
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n = write(file, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

bool read_all(int file, std::vector<uint8_t>& bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n = read(file, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

// Nobody but this user may have written it.
bool is_mine(const struct stat& status) { return status.st_uid == geteuid() && (status.st_mode & 0022) == 0; }

constexpr size_t checked_from = 2 * sizeof(uint64_t);  // behind magic and checksum

std::vector<uint8_t> pack(const Hash128& key, const KernelImage& image) {
  Header header{
      magic, 0, key.low, key.high, image.entry, static_cast<uint32_t>(image.slots.size()), image.bytes.size()};
  const size_t slot_bytes = image.slots.size() * sizeof(KernelImage::Slot);
  std::vector<uint8_t> bytes(sizeof header + slot_bytes + image.bytes.size());
  std::memcpy(bytes.data(), &header, sizeof header);
  if (slot_bytes > 0) std::memcpy(bytes.data() + sizeof header, image.slots.data(), slot_bytes);
  std::memcpy(bytes.data() + sizeof header + slot_bytes, image.bytes.data(), image.bytes.size());
  header.checksum = hash_bytes(bytes.data() + checked_from, bytes.size() - checked_from);
  std::memcpy(bytes.data(), &header, sizeof header);
  return bytes;
}

std::optional<KernelImage> unpack(const Hash128& key, const std::vector<uint8_t>& bytes) {
  Header header;
  if (bytes.size() < sizeof header) return std::nullopt;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != magic || header.checksum != hash_bytes(bytes.data() + checked_from, bytes.size() - checked_from))
    return std::nullopt;
  const size_t slot_bytes = size_t{header.slots} * sizeof(KernelImage::Slot);
  if (header.key_low != key.low || header.key_high != key.high || header.entry >= header.code_bytes ||
      bytes.size() != sizeof header + slot_bytes + header.code_bytes)
    return std::nullopt;
  KernelImage image;
  image.entry = header.entry;
  image.slots.resize(header.slots);
  if (slot_bytes > 0) std::memcpy(image.slots.data(), bytes.data() + sizeof header, slot_bytes);
  image.bytes.assign(bytes.begin() + static_cast<std::ptrdiff_t>(sizeof header + slot_bytes), bytes.end());
  for (const KernelImage::Slot& slot : image.slots) {
    if (slot.function >= static_cast<uint32_t>(function_count()) || slot.offset + size_t{8} > image.bytes.size())
      return std::nullopt;
  }
  return image;
}

std::optional<Hash128> key_of_name(std::string_view name) {
  if (name.size() != 32 + entry_suffix.size() || !name.ends_with(entry_suffix)) return std::nullopt;
  uint64_t words[2] = {0, 0};
  for (size_t k = 0; k < 32; ++k) {
    const char c = name[k];
    const bool letter = c >= 'a' && c <= 'f';
    if (!letter && (c < '0' || c > '9')) return std::nullopt;
    words[k / 16] = words[k / 16] << 4 | static_cast<uint64_t>(letter ? c - 'a' + 10 : c - '0');
  }
  return Hash128{words[1], words[0]};
}

struct Found {
  std::string path;
  int64_t bytes;
  time_t used;
  std::optional<Hash128> key;  // none: a file that is being written, or was left behind
};

std::vector<Found> list(const std::string& folder) {
  std::vector<Found> found;
  DIR* const directory = opendir(folder.c_str());
  if (directory == nullptr) return found;
  while (const dirent* item = readdir(directory)) {
    const std::string_view name = item->d_name;
    const std::optional<Hash128> key = key_of_name(name);
    if (!key && !name.ends_with(temporary_suffix)) continue;
    struct stat status;
    if (fstatat(dirfd(directory), item->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode))
      continue;
    found.push_back({folder + '/' + item->d_name, status.st_size, status.st_mtime, key});
  }
  closedir(directory);
  return found;
}

bool make_folders(const std::string& path) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1))
    mkdir(path.substr(0, slash).c_str(), 0700);  // what goes wrong shows in the last one
  return mkdir(path.c_str(), 0700) == 0 || errno == EEXIST;
}

}  // namespace

bool KernelCache::usable(bool make) {
  if (checked_.load(std::memory_order_acquire)) return true;
  if (make && !make_folders(folder_)) return false;
  struct stat status;
  if (lstat(folder_.c_str(), &status) != 0 || !S_ISDIR(status.st_mode) || !is_mine(status)) return false;
  checked_.store(true, std::memory_order_release);
  return true;
}

namespace {

// The bytes of an entry, and whether there is a file at all.
bool read_entry(const std::string& path, bool used, std::vector<uint8_t>& bytes) {
  const File file(path, O_RDONLY | O_NONBLOCK);
  struct stat status;
  if (!file.is_open() || fstat(file.number(), &status) != 0) return false;
  const bool sound = S_ISREG(status.st_mode) && is_mine(status) && status.st_size < (int64_t{1} << 30);
  bytes.assign(sound ? static_cast<size_t>(status.st_size) : 0, 0);
  if (!read_all(file.number(), bytes)) bytes.clear();
  // So that entries in use are the last to go; not at every use, which would write to the disk each time.
  if (used && sound && status.st_mtime + hour < std::time(nullptr)) futimens(file.number(), nullptr);
  return true;
}

std::string entry_path(const std::string& folder, const Hash128& key) {
  return fmt::format("{}/{:016x}{:016x}{}", folder, key.high, key.low, entry_suffix);
}

}  // namespace

std::optional<KernelImage> KernelCache::find(const Hash128& key) {
  std::optional<KernelImage> image;
  if (usable(false)) {
    const std::string path = entry_path(folder_, key);
    std::vector<uint8_t> bytes;
    if (read_entry(path, true, bytes)) {
      image = unpack(key, bytes);
      if (!image) unlink(path.c_str());
    }
  }
  ++(image ? hits_ : misses_);
  return image;
}

void KernelCache::store(const Hash128& key, const KernelImage& image) {
  if (!usable(true)) return;
  const std::string aside =
      fmt::format("{}/{:016x}-{}-{}{}", folder_, key.high, getpid(), temporary_++, temporary_suffix);
  bool written = false;
  {
    const File file(aside, O_WRONLY | O_CREAT | O_EXCL);
    if (!file.is_open()) {
      if (errno == ENOENT) checked_.store(false);  // the folder is gone: the next one makes it again
      return;
    }
    written = write_all(file.number(), pack(key, image));
  }
  if (!written || rename(aside.c_str(), entry_path(folder_, key).c_str()) != 0) unlink(aside.c_str());
  // Looking through the folder takes time: now and then is enough.
  if (key.low % 256 == 0) trim();
}

KernelCache::Census KernelCache::look(bool verify) {
  Census census;
  if (!usable(false)) return census;
  for (const Found& file : list(folder_)) {
    if (!file.key) continue;
    std::vector<uint8_t> bytes;
    if (verify && read_entry(file.path, false, bytes) && !unpack(*file.key, bytes)) {
      unlink(file.path.c_str());
      ++census.damaged;
      continue;
    }
    ++census.entries;
    census.bytes += file.bytes;
  }
  return census;
}

int64_t KernelCache::clear() {
  int64_t deleted = 0;
  if (!usable(false)) return deleted;
  for (const Found& file : list(folder_)) {
    if (unlink(file.path.c_str()) == 0 && file.key) ++deleted;
  }
  return deleted;
}

void KernelCache::trim() {
  if (!usable(false)) return;
  std::vector<Found> files = list(folder_);
  std::sort(files.begin(), files.end(), [](const Found& a, const Found& b) { return a.used > b.used; });
  const time_t now = std::time(nullptr);
  int64_t bytes = 0;
  for (const Found& file : files) {
    // A file that nobody has finished in an hour never will be.
    if (file.key ? (bytes += file.bytes) > limit_ : file.used + hour < now) unlink(file.path.c_str());
  }
}

}  // namespace croton
