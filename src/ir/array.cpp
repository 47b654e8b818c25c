// Strided arrays: allocation, views, copies and conversions of single elements.
#include "ir/array.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "base/checked.h"
#include "base/error.h"
#include "base/memory.h"
#include "ir/node.h"

namespace croton {
namespace {

template <class T>
T load(const std::byte* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

template <class T>
void store(std::byte* p, T value) {
  std::memcpy(p, &value, sizeof value);
}

// What x86 gives for values that an int64 cannot hold, so that the reference and the kernels agree.
int64_t truncate_to_integer(double value) {
  if (!(value >= -0x1p63 && value < 0x1p63)) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(value);
}

uint64_t truncate_to_unsigned(double value) {
  if (value >= 0x1p63 && value < 0x1p64) return static_cast<uint64_t>(value);
  return static_cast<uint64_t>(truncate_to_integer(value));
}

std::vector<int64_t> c_strides(const std::vector<int64_t>& shape, int64_t item) {
  std::vector<int64_t> strides(shape.size());
  int64_t stride = item;
  for (size_t axis = shape.size(); axis-- > 0;) {
    strides[axis] = stride;
    stride *= std::max<int64_t>(shape[axis], 1);
  }
  return strides;
}

// One element, by C's rules; between integers without a detour over floats.
void convert_element(std::byte* to, DType to_dtype, const std::byte* from, DType from_dtype) {
  if (is_discrete(from_dtype) && is_discrete(to_dtype)) {
    store_integer(to, to_dtype, element_as_integer(from, from_dtype));
  } else if (is_complex(to_dtype)) {
    store_complex(to, to_dtype, element_as_complex(from, from_dtype));
  } else {
    store_double(to, to_dtype, element_as_double(from, from_dtype));
  }
}

}  // namespace

Storage::~Storage() {
  if (!owner) release_block(data, bytes);
}

int64_t Array::size() const {
  int64_t count = 1;
  for (const int64_t n : shape) count *= n;
  return count;
}

bool Array::is_contiguous() const {
  int64_t expected = item_size(dtype);
  for (size_t axis = shape.size(); axis-- > 0;) {
    if (shape[axis] != 1 && strides[axis] != expected) return size() == 0;
    expected *= shape[axis];
  }
  return true;
}

std::shared_ptr<Storage> new_storage(size_t bytes) {
  auto storage = std::make_shared<Storage>();
  storage->data = static_cast<std::byte*>(allocate_block(bytes));
  storage->bytes = bytes;
  return storage;
}

namespace {

bool is_emptied(const std::shared_ptr<Storage>& storage) {
  return storage && !storage->data && !storage->owner && storage.use_count() == 1;
}

}  // namespace

void give_memory(Array& array, size_t bytes) {
  if (is_emptied(array.storage)) {
    array.storage->data = static_cast<std::byte*>(allocate_block(bytes));
    array.storage->bytes = bytes;
  } else {
    array.storage = new_storage(bytes);
  }
  array.data = array.storage->data;
}

std::byte* take_memory(Array& array) {
  Storage* const storage = array.storage.get();
  const bool alone = storage && !storage->owner && !storage->read_only && array.storage.use_count() == 1;
  if (!alone || array.data != storage->data || !array.is_contiguous()) return nullptr;
  if (storage->bytes != static_cast<size_t>(array.size() * item_size(array.dtype))) return nullptr;
  storage->data = nullptr;
  storage->bytes = 0;
  return std::exchange(array.data, nullptr);
}

void leave_memory(Array& array) noexcept {
  if (!is_emptied(array.storage)) array.storage.reset();
  array.data = nullptr;
}

Array new_array(DType dtype, std::vector<int64_t> shape) {
  for (const int64_t n : shape) {
    if (n < 0) raise<ValueError>("an array cannot have an axis of size {}", n);
  }
  const auto bytes = static_cast<size_t>(checked_multiply(checked_product(shape), item_size(dtype)));
  Array array;
  array.storage = new_storage(bytes);
  array.dtype = dtype;
  array.strides = c_strides(shape, item_size(dtype));
  array.shape = std::move(shape);
  array.data = array.storage->data;
  return array;
}

Array zeros(DType dtype, std::vector<int64_t> shape) {
  Array array = new_array(dtype, std::move(shape));
  std::memset(array.data, 0, array.storage->bytes);
  return array;
}

Array view_memory(void* data, DType dtype, std::vector<int64_t> shape, std::vector<int64_t> byte_strides,
                  std::shared_ptr<void> owner, bool read_only) {
  if (shape.size() != byte_strides.size()) {
    raise<InternalError>("an array with {} sizes cannot have {} strides", shape.size(), byte_strides.size());
  }
  auto storage = std::make_shared<Storage>();
  storage->data = static_cast<std::byte*>(data);
  storage->bytes = static_cast<size_t>(checked_multiply(checked_product(shape), item_size(dtype)));
  storage->read_only = read_only;
  // Borrowed memory without an owner still must not be freed: any non-null pointer says so.
  storage->owner = owner ? std::move(owner) : std::shared_ptr<void>(std::shared_ptr<void>(), storage.get());
  return {dtype, std::move(shape), std::move(byte_strides), storage->data, storage};
}

Array array_of(std::shared_ptr<const Literal> literal) {
  auto* data = const_cast<std::byte*>(literal->bytes.data());
  const DType dtype = literal->type.dtype;
  auto shape = literal->shape;
  auto strides = c_strides(shape, item_size(dtype));
  return view_memory(data, dtype, std::move(shape), std::move(strides), std::const_pointer_cast<Literal>(literal),
                     true);
}

std::shared_ptr<const Literal> literal_of_array(const Array& array, uint32_t ones) {
  Type type = tensor_type(array.dtype, array.rank());
  type.ones = ones;
  const Array source = contiguous(array);
  const auto bytes = static_cast<size_t>(source.size()) * static_cast<size_t>(item_size(array.dtype));
  return make_literal(type, array.shape, {source.data, source.data + bytes});
}

Array contiguous(const Array& array) {
  if (array.is_contiguous()) return array;
  Array copy = new_array(array.dtype, array.shape);
  copy_elements(copy.data, array);
  return copy;
}

Array converted(const Array& array, DType dtype) {
  if (array.dtype == dtype) return contiguous(array);
  Array result = new_array(dtype, array.shape);
  const auto item = static_cast<size_t>(item_size(dtype));
  for_each_element(array, [&](int64_t k, const std::byte* p) {
    convert_element(result.data + static_cast<size_t>(k) * item, dtype, p, array.dtype);
  });
  return result;
}

void copy_into(const Array& target, const Array& source) {
  if (target.dtype != source.dtype || target.shape != source.shape) {
    raise<InternalError>("copy_into needs arrays of one dtype and shape");
  }
  const auto item = static_cast<size_t>(item_size(source.dtype));
  if (target.is_contiguous()) {
    if (!source.is_contiguous()) return copy_elements(target.data, source);
    const size_t bytes = static_cast<size_t>(source.size()) * item;
    if (bytes != 0) std::memmove(target.data, source.data, bytes);
    return;
  }
  std::vector<std::byte*> places;
  places.reserve(static_cast<size_t>(target.size()));
  for_each_element(target, [&](int64_t, std::byte* p) { places.push_back(p); });
  for_each_element(source,
                   [&](int64_t k, const std::byte* p) { std::memcpy(places[static_cast<size_t>(k)], p, item); });
}

double element_as_double(const std::byte* p, DType dtype) {
  switch (dtype) {
    case DType::f16:
      return half_to_double(load<uint16_t>(p));
    case DType::f32:
    case DType::c64:
      return load<float>(p);
    case DType::f64:
    case DType::c128:
      return load<double>(p);
    case DType::u64:
      return static_cast<double>(load<uint64_t>(p));
    default:
      return static_cast<double>(element_as_integer(p, dtype));
  }
}

int64_t element_as_integer(const std::byte* p, DType dtype) {
  switch (dtype) {
    case DType::b1:
      return load<uint8_t>(p) != 0;
    case DType::i8:
      return load<int8_t>(p);
    case DType::i16:
      return load<int16_t>(p);
    case DType::i32:
      return load<int32_t>(p);
    case DType::i64:
    case DType::u64:
      return load<int64_t>(p);
    case DType::u8:
      return load<uint8_t>(p);
    case DType::u16:
      return load<uint16_t>(p);
    case DType::u32:
      return load<uint32_t>(p);
    default:
      return truncate_to_integer(element_as_double(p, dtype));
  }
}

void store_double(std::byte* p, DType dtype, double value) {
  switch (dtype) {
    case DType::b1:
      return store<uint8_t>(p, value != 0);
    case DType::f16:
      return store(p, half_from_double(value));
    case DType::f32:
      return store(p, static_cast<float>(value));
    case DType::f64:
      return store(p, value);
    case DType::c64:
      return store(p, std::complex<float>(static_cast<float>(value)));
    case DType::c128:
      return store(p, std::complex<double>(value));
    case DType::u64:
      return store(p, truncate_to_unsigned(value));
    default:
      return store_integer(p, dtype, truncate_to_integer(value));
  }
}

Complex element_as_complex(const std::byte* p, DType dtype) {
  if (dtype == DType::c64) return Complex(load<std::complex<float>>(p));
  if (dtype == DType::c128) return load<Complex>(p);
  return element_as_double(p, dtype);
}

void store_complex(std::byte* p, DType dtype, Complex value) {
  if (dtype == DType::c64) return store(p, std::complex<float>(value));
  if (dtype == DType::c128) return store(p, value);
  store_double(p, dtype, value.real());
}

void store_integer(std::byte* p, DType dtype, int64_t value) {
  switch (dtype) {
    case DType::b1:
      return store<uint8_t>(p, value != 0);
    case DType::i8:
    case DType::u8:
      return store(p, static_cast<uint8_t>(value));
    case DType::i16:
    case DType::u16:
      return store(p, static_cast<uint16_t>(value));
    case DType::i32:
    case DType::u32:
      return store(p, static_cast<uint32_t>(value));
    case DType::i64:
    case DType::u64:
      return store(p, value);
    case DType::f32:
      return store(p, static_cast<float>(value));
    default:
      return store_double(p, dtype, static_cast<double>(value));
  }
}

double half_to_double(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  double magnitude;
  if (exponent == 31) {
    magnitude = fraction ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
  } else if (exponent == 0) {
    magnitude = std::ldexp(fraction, -24);
  } else {
    magnitude = std::ldexp(1024 + fraction, exponent - 25);
  }
  return bits & 0x8000 ? -magnitude : magnitude;
}

uint16_t half_from_double(double value) {
  const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const double magnitude = std::fabs(value);
  if (std::isnan(value)) return sign | 0x7e00;
  if (magnitude >= 65520.0) return sign | 0x7c00;  // half way to the value after the largest
  int exponent = 0;
  std::frexp(magnitude, &exponent);
  const int quantum = std::max(exponent - 11, -24);                                      // exponent of the last bit
  const auto units = static_cast<int>(std::nearbyint(std::ldexp(magnitude, -quantum)));  // at most 2048
  // Adding the fraction to the exponent field lets a carry become the next exponent.
  return static_cast<uint16_t>(sign | (units < 1024 ? units : ((quantum + 24) << 10) + units));
}

}  // namespace croton
