// Finds out what the processor can do, looks for kernels in the cache, and opens the code generator's library for the
// first one that is not there.
#include <cpuid.h>
#include <dlfcn.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string_view>
#include <vector>

#include "backend/cpu/build_id.h"
#include "backend/cpu/compiler.h"
#include "backend/cpu/kernel_cache.h"
#include "base/error.h"
#include "base/fork_shield.h"
#include "base/hash.h"

namespace croton {
namespace {

constexpr char library_name[] = "libcroton_llvm.so";

// Vendor, model and features: two processors with the same description get the same code.
std::string describe_cpu() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  char vendor[13] = "unknown";
  if (__get_cpuid(0, &a, &b, &c, &d)) {
    std::memcpy(vendor, &b, 4);
    std::memcpy(vendor + 4, &d, 4);
    std::memcpy(vendor + 8, &c, 4);
    vendor[12] = '\0';
  }
  unsigned signature = 0;
  std::vector<unsigned> features;
  if (__get_cpuid(1, &signature, &b, &c, &d)) features = {c, d};  // b tells which core it is
  for (const unsigned part : {0u, 1u}) {
    if (__get_cpuid_count(7, part, &a, &b, &c, &d)) features.insert(features.end(), {a, b, c, d});
  }
  if (__get_cpuid(0x80000001, &a, &b, &c, &d)) features.insert(features.end(), {c, d});
  const uint64_t digest = hash_bytes(features.data(), features.size() * sizeof(unsigned));
  return fmt::format("{}-{:x}-{:016x}", vendor, signature, digest);
}

// The builtins also ask whether the system saves the wide registers.
CpuTarget::Isa detect_isa() {
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return CpuTarget::Isa::none;
  const bool wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return wide ? CpuTarget::Isa::avx512 : CpuTarget::Isa::avx2;
}

const CpuTarget& detected_target() {
  static const CpuTarget target{detect_isa(), describe_cpu()};
  return target;
}

std::string library_path() {
  Dl_info info;
  // An address inside this library: that of a function could be the executable's entry for it.
  if (dladdr(library_name, &info) == 0 || info.dli_fname == nullptr) return library_name;
  const std::string_view own(info.dli_fname);
  const size_t slash = own.rfind('/');
  return slash == std::string_view::npos ? library_name : std::string(own.substr(0, slash + 1)) + library_name;
}

// Null until the library is open.
std::atomic<CodeGenerator>& generator() {
  static std::atomic<CodeGenerator> function{nullptr};
  return function;
}

CodeGenerator open_generator() {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  if (CodeGenerator open = generator().load(std::memory_order_acquire)) return open;
  const std::string path = library_path();
  // Never closed: compiled kernels and their threads outlive any single user of it.
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    raise<Error>(
        "the code generator could not be opened: {}. It belongs beside libcroton; is the installation complete?",
        dlerror());
  }
  const auto found = reinterpret_cast<CodeGenerator>(dlsym(library, code_generator_symbol));
  if (found == nullptr) raise<Error>("{} belongs to another version of Croton", path);
  generator().store(found, std::memory_order_release);
  return found;
}

}  // namespace

CpuTarget host_target() {
  CpuTarget target = detected_target();
  const char* const wish = std::getenv("CROTON_ISA");
  if (wish == nullptr || *wish == '\0') return target;
  const std::string_view name(wish);
  if (name != "avx2" && name != "avx512") raise<ValueError>("CROTON_ISA is avx2 or avx512, not '{}'", name);
  const CpuTarget::Isa isa = name == "avx2" ? CpuTarget::Isa::avx2 : CpuTarget::Isa::avx512;
  if (target.isa > isa) raise<ValueError>("CROTON_ISA is {}, which this processor does not have", name);
  target.isa = isa;
  return target;
}

bool llvm_loaded() { return generator().load(std::memory_order_acquire) != nullptr; }

namespace {

// What shapes the code besides the kernel: both libraries, and the processor where code is made for this very one.
// Empty where the libraries cannot be told from others: then nothing is kept.
const std::string& generator_identity() {
  const ForkShield shield;
  static const std::string identity = [] {
    const std::string own = build_id_of_address(library_name), other = build_id_of_file(library_path());
    return own.empty() || other.empty() ? "" : own + other;
  }();
  return identity;
}

Hash128 key_of(const loop::Kernel& kernel, const CompileOptions& options, CpuTarget::Isa isa) {
  std::string key = generator_identity();
  if (isa == CpuTarget::Isa::avx512) key += detected_target().cpu_name;
  key += options.checked ? 'c' : '-';
  key += static_cast<char>(isa);
  const std::vector<uint64_t> words = loop::code_words(kernel);
  key.append(reinterpret_cast<const char*>(words.data()), words.size() * sizeof(uint64_t));
  return hash128_text(key);
}

// The library may have been replaced between the look at its file and its opening.
bool is_identified(CodeGenerator generate) {
  static const bool identified =
      generator_identity().ends_with(build_id_of_address(reinterpret_cast<const void*>(generate)));
  return identified;
}

KernelImage image_of(const loop::Kernel& kernel, const CompileOptions& options, CpuTarget::Isa isa,
                     std::string& assembly) {
  const bool keeps = !options.keep_assembly && !generator_identity().empty();
  const std::shared_ptr<KernelCache> cache = keeps ? kernel_cache() : nullptr;
  Hash128 key;
  if (cache) {
    key = key_of(kernel, options, isa);
    if (std::optional<KernelImage> known = cache->find(key)) return std::move(*known);
  }
  CodeGenerator generate = generator().load(std::memory_order_acquire);
  if (generate == nullptr) generate = open_generator();
  KernelImage image;
  generate(kernel, options, isa, image, assembly);
  if (cache && is_identified(generate)) cache->store(key, image);
  return image;
}

}  // namespace

CompiledKernel compile_kernel(const loop::Kernel& kernel, const CompileOptions& options) {
  const CpuTarget::Isa isa = options.isa.value_or(host_target().isa);
  if (isa < detected_target().isa || isa == CpuTarget::Isa::none) {
    raise<NotImplementedError>("kernel '{}' cannot be compiled: this processor lacks {}", kernel.name,
                               isa == CpuTarget::Isa::avx512 ? "AVX-512" : "AVX2 and FMA");
  }
  const auto start = std::chrono::steady_clock::now();
  CompiledKernel result;
  const KernelImage image = image_of(kernel, options, isa, result.assembly);
  LoadedImage loaded = load(image);
  result.entry = loaded.entry;
  result.code = std::move(loaded.code);
  result.code_bytes = static_cast<int64_t>(image.bytes.size());
  result.milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace croton
