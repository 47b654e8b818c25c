// Text for messages, interned source lines, and the stop flag.
#include "base/text.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <csignal>
#include <thread>

#include "base/interrupt.h"
#include "base/location.h"

namespace croton {
namespace {

TEST(Text, Joins) {
  EXPECT_EQ(join(std::vector<int>{1, 2, 3}, ", "), "1, 2, 3");
  EXPECT_EQ(join(std::vector<std::string>{}, ", "), "");
  EXPECT_EQ(join(std::array{1, 2}, "; ", [](int i) { return fmt::format("x{}", i); }), "x1; x2");
  EXPECT_EQ(tuple_text({}), "()");
  EXPECT_EQ(tuple_text(std::vector<int64_t>{3}), "(3,)");
  EXPECT_EQ(tuple_text(std::vector<int64_t>{3, 4}), "(3, 4)");
}

TEST(Text, MeasuresEdits) {
  EXPECT_EQ(edit_distance("", ""), 0u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("softmax", "sotfmax"), 1u);  // a swap of neighbours is one edit
  EXPECT_EQ(edit_distance("ca", "abc"), 3u);
  EXPECT_EQ(edit_distance("abcdef", "abcdef"), 0u);
}

TEST(Text, SuggestsTheNearestName) {
  const std::vector<std::string> names = {"softmax", "softplus", "sum", "max", "FAST_RUN"};
  EXPECT_EQ(nearest_name("sotfmax", names), "softmax");
  EXPECT_EQ(nearest_name("fast_run", names), "FAST_RUN");
  EXPECT_EQ(nearest_name("sun", names), "sum");
  EXPECT_EQ(nearest_name("convolution", names), "");
  EXPECT_EQ(nearest_name("x", {}), "");
  EXPECT_EQ(did_you_mean("softmx", names), " Did you mean 'softmax'?");
  EXPECT_EQ(did_you_mean("reshape", names), "");
}

TEST(Text, Quotes) {
  EXPECT_EQ(quote("x"), "'x'");
  EXPECT_EQ(quote("it's a \\ and\n\t\r\x01\x7f"), "'it\\'s a \\\\ and\\n\\t\\r\\x01\\x7f'");
  EXPECT_EQ(quote("\u03b8"), "'\u03b8'");
}

TEST(Text, PrintsSizesAndTimes) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1024), "1.0 KiB");
  EXPECT_EQ(bytes_text((1u << 20) - 1), "1.0 MiB");
  EXPECT_EQ(bytes_text(3650722201), "3.4 GiB");
  EXPECT_EQ(bytes_text(UINT64_MAX), "16.0 EiB");
  EXPECT_EQ(seconds_text(0), "0 ns");
  EXPECT_EQ(seconds_text(12e-9), "12 ns");
  EXPECT_EQ(seconds_text(999.9e-9), "1.0 us");
  EXPECT_EQ(seconds_text(3.42e-6), "3.4 us");
  EXPECT_EQ(seconds_text(0.0056), "5.6 ms");
  EXPECT_EQ(seconds_text(7.8), "7.8 s");
  EXPECT_EQ(seconds_text(125.2), "2 min 5 s");
  EXPECT_EQ(seconds_text(179.9), "3 min 0 s");
  EXPECT_EQ(seconds_text(-1.5), "-1.5 s");
  EXPECT_EQ(seconds_text(INFINITY), "forever");
  EXPECT_EQ(seconds_text(NAN), "unknown time");
}

TEST(Text, SplitsAndStrips) {
  EXPECT_EQ(split("a,b,,c", ','), (std::vector<std::string>{"a", "b", "", "c"}));
  EXPECT_EQ(split("", ','), (std::vector<std::string>{""}));
  EXPECT_EQ(split(",", ','), (std::vector<std::string>{"", ""}));
  EXPECT_EQ(strip("  a b\n"), "a b");
  EXPECT_EQ(strip(" \t"), "");
}

TEST(Location, InternsLines) {
  EXPECT_EQ(intern_line(SourceLine{}), 0u);
  EXPECT_EQ(line_text(0), "unknown source line");
  const SourceLine line{"model.py", 12, "train", "y = x + 1"};
  const LineId id = intern_line(line);
  EXPECT_NE(id, 0u);
  EXPECT_EQ(intern_line(line), id);
  EXPECT_NE(intern_line(SourceLine{"model.py", 13, "train", "y = x + 1"}), id);
  EXPECT_EQ(line_of(id), line);
  EXPECT_EQ(line_text(id), "model.py:12 in train");
  EXPECT_EQ(line_text(intern_line(SourceLine{"model.cpp", 7, "", ""})), "model.cpp:7");
  EXPECT_THROW(line_of(0xffffffff), InternalError);
}

TEST(Location, KeepsReferencesWhileTheTableGrows) {
  const SourceLine& first = line_of(intern_line(SourceLine{"first.py", 1, "f", ""}));
  for (int i = 0; i < 10000; ++i) intern_line(SourceLine{"grow.py", i, "g", ""});
  EXPECT_EQ(first.file, "first.py");
}

TEST(Location, InternsFromManyThreads) {
  std::vector<std::vector<LineId>> ids(6, std::vector<LineId>(500));
  std::vector<std::thread> threads;
  for (auto& own : ids) {
    threads.emplace_back([&own] {
      for (int i = 0; i < 500; ++i) {
        own[i] = intern_line(SourceLine{"threads.py", i, "h", ""});
        if (line_of(own[i]).line != i) own[i] = 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& own : ids) EXPECT_EQ(own, ids[0]);
}

TEST(Location, WorksInAChildForkedWhileOthersIntern) {
  std::atomic<bool> stop{false};
  std::thread other([&] {
    for (int i = 0; !stop; ++i) intern_line(SourceLine{"fork.py", i % 1000, "k", ""});
  });
  for (int round = 0; round < 50; ++round) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      alarm(60);
      _exit(line_of(intern_line(SourceLine{"child.py", round, "", ""})).line == round ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  stop = true;
  other.join();
}

TEST(Interrupt, IsSetByASignalHandler) {
  EXPECT_FALSE(stop_requested());
  const auto before = std::signal(SIGUSR1, [](int) { stop_requested() = true; });
  std::raise(SIGUSR1);
  EXPECT_TRUE(stop_requested());
  stop_requested() = false;
  std::signal(SIGUSR1, before);
}

}  // namespace
}  // namespace croton
