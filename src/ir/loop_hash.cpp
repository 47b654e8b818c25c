// Identity of a kernel's code, names do not count: a canonical hash (values are numbered in the order of their
// definitions), and equality of kernels that were built alike.
#include <algorithm>
#include <bit>

#include "base/hash.h"
#include "ir/loop.h"

namespace croton::loop {
namespace {

class Hasher {
 public:
  explicit Hasher(const Kernel& kernel) : kernel_(kernel), number_(kernel.value_dtypes.size(), 0) {}

  uint64_t run() {
    for (const BufferDecl& buffer : kernel_.buffers) {
      add(static_cast<uint64_t>(buffer.dtype) | uint64_t{buffer.written} << 8 | uint64_t{buffer.read} << 9);
    }
    add(kernel_.buffers.size());
    add(static_cast<uint64_t>(kernel_.int_count));
    for (const LocalArray& local : kernel_.locals) {
      add(static_cast<uint64_t>(local.dtype) | uint64_t{local.in_scratch} << 8);
      add(static_cast<uint64_t>(local.in_scratch ? local.scratch_int : local.count));
    }
    add(kernel_.locals.size());
    add(static_cast<uint64_t>(kernel_.site_count));
    region(kernel_.body);
    return state_;
  }

 private:
  void add(uint64_t value) { state_ = hash_combine(state_, value); }

  void define(const std::vector<ValueId>& ids) {
    add(ids.size());
    for (const ValueId id : ids) {
      number_.at(static_cast<size_t>(id)) = ++defined_;
      add(static_cast<uint64_t>(kernel_.value_dtypes[static_cast<size_t>(id)]));
    }
  }

  void use(const std::vector<ValueId>& ids) {
    add(ids.size());
    for (const ValueId id : ids) add(number_.at(static_cast<size_t>(id)));
  }

  void region(const Region& r) {
    define(r.params);
    for (const Instruction& i : r.body) {
      add(static_cast<uint64_t>(i.code) | static_cast<uint64_t>(i.kind) << 8 |
          static_cast<uint64_t>(i.interleave) << 16);
      add(static_cast<uint64_t>(i.immediate));
      add(std::bit_cast<uint64_t>(i.number));
      use(i.operands);
      add(i.regions.size());
      for (const Region& inner : i.regions) region(inner);
      define(i.results);
    }
    add(r.body.size());
    use(r.yields);
  }

  const Kernel& kernel_;
  std::vector<uint64_t> number_;
  uint64_t defined_ = 0;
  uint64_t state_ = 0x9ae16a3b2f90404fu;
};

bool same_region(const Region& a, const Region& b);

bool same_instruction(const Instruction& a, const Instruction& b) {
  return a.code == b.code && a.operands == b.operands && a.results == b.results && a.immediate == b.immediate &&
         std::bit_cast<uint64_t>(a.number) == std::bit_cast<uint64_t>(b.number) && a.kind == b.kind &&
         a.interleave == b.interleave &&
         std::equal(a.regions.begin(), a.regions.end(), b.regions.begin(), b.regions.end(), same_region);
}

bool same_region(const Region& a, const Region& b) {
  return a.params == b.params && a.yields == b.yields &&
         std::equal(a.body.begin(), a.body.end(), b.body.begin(), b.body.end(), same_instruction);
}

bool same_buffer(const BufferDecl& a, const BufferDecl& b) {
  return a.dtype == b.dtype && a.written == b.written && a.read == b.read;
}

bool same_local(const LocalArray& a, const LocalArray& b) {
  return a.dtype == b.dtype && a.count == b.count && a.in_scratch == b.in_scratch && a.scratch_int == b.scratch_int;
}

}  // namespace

uint64_t hash(const Kernel& kernel) { return Hasher(kernel).run(); }

bool same_code(const Kernel& a, const Kernel& b) {
  return std::equal(a.buffers.begin(), a.buffers.end(), b.buffers.begin(), b.buffers.end(), same_buffer) &&
         a.int_count == b.int_count &&
         std::equal(a.locals.begin(), a.locals.end(), b.locals.begin(), b.locals.end(), same_local) &&
         a.value_dtypes == b.value_dtypes && a.site_count == b.site_count && same_region(a.body, b.body);
}

}  // namespace croton::loop
