// Makes operator new fail, for tests of what an exception leaves behind.
#pragma once

#include <cstdint>

namespace croton::test {

/// The n-th next operator new of any thread throws std::bad_alloc (1 is the next one); 0 switches it off. Returns what
/// was left to count.
int64_t fail_nth_new(int64_t n);

}  // namespace croton::test
