// Identity of a kernel's code: everything that shapes it, as words; names do not count.
#include <bit>

#include "ir/loop.h"

namespace croton::loop {
namespace {

// Values are numbered in the order of their definitions; every list begins with its length, so no two kernels give the
// same words.
class Writer {
 public:
  explicit Writer(const Kernel& kernel) : kernel_(kernel), number_(kernel.value_dtypes.size(), 0) {}

  std::vector<uint64_t> run() {
    add(kernel_.buffers.size());
    for (const BufferDecl& buffer : kernel_.buffers) {
      add(static_cast<uint64_t>(buffer.dtype) | uint64_t{buffer.written} << 8 | uint64_t{buffer.read} << 9);
    }
    add(static_cast<uint64_t>(kernel_.int_count));
    add(kernel_.locals.size());
    for (const LocalArray& local : kernel_.locals) {
      add(static_cast<uint64_t>(local.dtype) | uint64_t{local.in_scratch} << 8);
      add(static_cast<uint64_t>(local.in_scratch ? local.scratch_int : local.count));
    }
    add(static_cast<uint64_t>(kernel_.site_count));
    region(kernel_.body);
    return std::move(words_);
  }

 private:
  void add(uint64_t value) { words_.push_back(value); }

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
    add(r.body.size());
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
    use(r.yields);
  }

  const Kernel& kernel_;
  std::vector<uint64_t> number_;
  uint64_t defined_ = 0;
  std::vector<uint64_t> words_;
};

}  // namespace

std::vector<uint64_t> code_words(const Kernel& kernel) { return Writer(kernel).run(); }

}  // namespace croton::loop
