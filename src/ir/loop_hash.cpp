// Canonical hash of a kernel: values are numbered in the order of their definitions, names do not count.
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

}  // namespace

uint64_t hash(const Kernel& kernel) { return Hasher(kernel).run(); }

}  // namespace croton::loop
