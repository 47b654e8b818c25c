// Kernels on disk: entries come back whole or not at all, whoever else is at work in the folder.
#include "backend/cpu/kernel_cache.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "backend/cpu/build_id.h"
#include "base/error.h"

namespace croton {
namespace {

namespace fs = std::filesystem;

class KernelCacheTest : public testing::Test {
 protected:
  KernelCacheTest() {
    std::string pattern = (fs::temp_directory_path() / "croton-cache-XXXXXX").string();
    folder = fs::path(mkdtemp(pattern.data())) / "kernels";
  }
  ~KernelCacheTest() override { fs::remove_all(folder.parent_path()); }
  fs::path folder;
};

// What belongs to a key can be told from the key alone.
KernelImage sample(uint64_t number) {
  std::mt19937_64 random(number);
  KernelImage image;
  image.bytes.resize(200 + random() % 3000);
  for (uint8_t& byte : image.bytes) byte = static_cast<uint8_t>(random());
  image.entry = static_cast<uint32_t>(random() % image.bytes.size());
  for (uint64_t k = 0; k < number % 3; ++k)
    image.slots.push_back({static_cast<uint32_t>(8 * k), static_cast<uint32_t>(k)});
  return image;
}
Hash128 key(uint64_t number) { return {number * 0x9e3779b97f4a7c15 + 1, number}; }

bool is_sample(const std::optional<KernelImage>& image, uint64_t number) {
  const KernelImage expected = sample(number);
  if (!image || image->bytes != expected.bytes || image->entry != expected.entry) return false;
  if (image->slots.size() != expected.slots.size()) return false;
  for (size_t k = 0; k < expected.slots.size(); ++k) {
    if (image->slots[k].offset != expected.slots[k].offset || image->slots[k].function != expected.slots[k].function)
      return false;
  }
  return true;
}

TEST_F(KernelCacheTest, KeepsImages) {
  KernelCache cache(folder, 1 << 30);
  EXPECT_FALSE(cache.find(key(1)));
  for (uint64_t n = 0; n < 9; ++n) cache.store(key(n), sample(n));
  KernelCache other(folder, 1 << 30);
  for (uint64_t n = 0; n < 9; ++n) EXPECT_TRUE(is_sample(other.find(key(n)), n)) << n;
  EXPECT_FALSE(other.find({key(3).low, key(3).high + 1}));
  EXPECT_EQ(other.hits(), 9);
  EXPECT_EQ(other.misses(), 1);
  EXPECT_EQ(other.look(false).entries, 9);
  EXPECT_EQ(other.clear(), 9);
  EXPECT_FALSE(other.find(key(3)));
  cache.store(key(3), sample(3));
  fs::remove_all(folder);
  cache.store(key(4), sample(4));  // sees that the folder is gone
  cache.store(key(4), sample(4));
  EXPECT_TRUE(is_sample(cache.find(key(4)), 4));
}

TEST_F(KernelCacheTest, EveryFlippedByteAndEveryCutIsSeen) {
  KernelCache cache(folder, 1 << 30);
  cache.store(key(5), sample(5));
  const fs::path path = fs::directory_iterator(folder)->path();
  std::ifstream file(path, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(file)), {});
  const auto put = [&](const std::string& content) { std::ofstream(path, std::ios::binary) << content; };
  for (size_t at = 0; at < whole.size(); at += at < 100 ? 1 : 97) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    put(flipped);
    EXPECT_FALSE(cache.find(key(5))) << at;
    EXPECT_FALSE(fs::exists(path)) << at;
    put(whole.substr(0, at));
    EXPECT_FALSE(cache.find(key(5))) << at;
  }
  put(whole + 'x');
  EXPECT_EQ(cache.look(true).damaged, 1);
  put(whole);
  EXPECT_TRUE(is_sample(cache.find(key(5)), 5));
}

TEST_F(KernelCacheTest, ProcessesMayDoAnythingAtOnce) {
  std::vector<pid_t> children;
  for (int child = 0; child < 32; ++child) {
    const pid_t pid = fork();
    if (pid == 0) {
      KernelCache cache(folder, 20000);  // less than all entries need
      std::mt19937_64 random(static_cast<uint64_t>(child));
      bool good = true;
      for (int step = 0; step < 150 && good; ++step) {
        const uint64_t n = random() % 20;
        const std::optional<KernelImage> found = cache.find(key(n));
        good = !found || is_sample(found, n);
        if (!found) cache.store(key(n), sample(n));
        if (step % 40 == 7) cache.trim();
        if (step == 100 && child % 8 == 0) cache.clear();
        if (step % 50 == 9) cache.look(true);
      }
      _exit(good ? 0 : 1);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
  }
  KernelCache cache(folder, 20000);
  EXPECT_EQ(cache.look(true).damaged, 0);
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    EXPECT_EQ(entry.path().extension(), ".kernel");
}

TEST_F(KernelCacheTest, TrimDeletesWhatWasUnusedForLongest) {
  KernelCache cache(folder, 1 << 30);
  for (uint64_t n = 0; n < 10; ++n) {
    cache.store(key(n), sample(n));
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      // The first are the oldest; finding an entry makes it young again.
      const auto age = std::chrono::hours(2);
      fs::last_write_time(entry.path(), fs::last_write_time(entry.path()) - age);
    }
  }
  EXPECT_TRUE(cache.find(key(0)));
  const int64_t all = cache.look(false).bytes;
  KernelCache(folder, all / 2).trim();
  EXPECT_LE(cache.look(false).bytes, all / 2);
  EXPECT_TRUE(cache.find(key(0)));
  EXPECT_FALSE(cache.find(key(1)));
  EXPECT_TRUE(cache.find(key(9)));
  std::ofstream(folder / "left-behind.part") << "x";
  fs::last_write_time(folder / "left-behind.part", fs::file_time_type::clock::now() - std::chrono::hours(3));
  cache.trim();
  EXPECT_FALSE(fs::exists(folder / "left-behind.part"));
}

TEST_F(KernelCacheTest, RefusesFoldersThatOthersMayWrite) {
  KernelCache(folder, 1 << 30).store(key(1), sample(1));
  chmod(folder.c_str(), 0770);
  KernelCache cache(folder, 1 << 30);
  EXPECT_FALSE(cache.find(key(1)));
  cache.store(key(2), sample(2));
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1);
  chmod(folder.c_str(), 0700);
  EXPECT_TRUE(cache.find(key(1)));
  if (geteuid() != 0) return;  // only root can give files away
  ASSERT_EQ(chown(folder.c_str(), 65534, 65534), 0);
  EXPECT_FALSE(KernelCache(folder, 1 << 30).find(key(1)));
}

TEST_F(KernelCacheTest, ALinkIsNoFolderAndNoEntry) {
  KernelCache(folder, 1 << 30).store(key(1), sample(1));
  const fs::path link = folder.parent_path() / "link";
  fs::create_directory_symlink(folder, link);
  EXPECT_FALSE(KernelCache(link, 1 << 30).find(key(1)));
  const fs::path entry = fs::directory_iterator(folder)->path(), aside = folder.parent_path() / "aside";
  fs::rename(entry, aside);
  fs::create_symlink(aside, entry);
  EXPECT_FALSE(KernelCache(folder, 1 << 30).find(key(1)));
}

TEST(BuildId, IsTheSameInTheFileAndInMemory) {
  Dl_info info;
  ASSERT_NE(dladdr(reinterpret_cast<const void*>(&build_id_of_file), &info), 0);
  const std::string id = build_id_of_file(info.dli_fname);
  EXPECT_FALSE(id.empty());
  EXPECT_EQ(id, build_id_of_address(info.dli_fbase));
  EXPECT_EQ(build_id_of_file("/dev/null"), "");
  EXPECT_EQ(build_id_of_file("/no/such/file"), "");
}

}  // namespace
}  // namespace croton
