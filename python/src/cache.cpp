// Bindings of the kernel cache, for `python -m croton cache` and for tests.
#include <nanobind/stl/string.h>

#include "backend/cpu/compiler.h"
#include "backend/cpu/kernel_cache.h"
#include "bindings.h"

namespace croton::python {
namespace {

nb::object cache_info() {
  const std::shared_ptr<KernelCache> cache = kernel_cache();
  if (!cache) return nb::none();
  const KernelCache::Census census = cache->look(false);
  nb::dict d;
  d["folder"] = cache->folder();
  d["entries"] = census.entries;
  d["bytes"] = census.bytes;
  d["limit"] = cache->limit();
  d["hits"] = cache->hits();
  d["misses"] = cache->misses();
  return d;
}

nb::tuple cache_verify() {
  const std::shared_ptr<KernelCache> cache = kernel_cache();
  const KernelCache::Census census = cache ? cache->look(true) : KernelCache::Census{};
  return nb::make_tuple(census.entries, census.damaged);
}

int64_t cache_clear() {
  const std::shared_ptr<KernelCache> cache = kernel_cache();
  return cache ? cache->clear() : 0;
}

}  // namespace

void bind_cache(nb::module_& m) {
  m.def("cache_info", &cache_info);
  m.def("cache_verify", &cache_verify);
  m.def("cache_clear", &cache_clear);
  m.def("set_cache_folder", &set_cache_folder);
}

}  // namespace croton::python
