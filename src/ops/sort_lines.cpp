// Sorting along one axis: elements become unsigned keys of the same order, which Highway's vectorised sort puts in
// order. Keys are whole: any algorithm and any number of threads give the same result.
#include <hwy/contrib/sort/vqsort.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <memory>
#include <numeric>

#include "base/thread_pool.h"
#include "ops/lines.h"

namespace croton {

Lines::Lines(const Array& array, size_t axis) : data(array.data), length(array.shape[axis]), step(array.strides[axis]) {
  for (size_t k = 0; k < array.shape.size(); ++k) {
    if (k == axis) continue;
    shape.push_back(array.shape[k]);
    strides.push_back(array.strides[k]);
    count *= array.shape[k];
  }
}

std::byte* Lines::line(int64_t number) const {
  std::byte* p = data;
  for (size_t axis = shape.size(); axis-- > 0;) {
    p += number % shape[axis] * strides[axis];
    number /= shape[axis];
  }
  return p;
}

namespace {

// ------------------------------------------------------------------------------------------------------------- keys

template <class T>
T loaded(const std::byte* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

template <class T>
void stored(std::byte* p, T value) {
  std::memcpy(p, &value, sizeof value);
}

/// Unsigned integers themselves; of 8 bits in 16, which the sort takes.
template <class T, class K>
struct UnsignedKeys {
  using Key = K;
  static constexpr size_t bytes = sizeof(T);
  static Key key(const std::byte* p) { return loaded<T>(p); }
  static Key rank(Key key) { return key; }  // the same for elements that are equal
  static void element(std::byte* p, Key key) { stored(p, static_cast<T>(key)); }
};

/// Signed integers from their smallest on.
template <class T, class K>
struct SignedKeys {
  using Key = K;
  static constexpr size_t bytes = sizeof(T);
  static constexpr Key smallest = Key{1} << (8 * sizeof(T) - 1);
  static Key key(const std::byte* p) {
    return static_cast<Key>(static_cast<std::make_unsigned_t<T>>(loaded<T>(p)) ^ smallest);
  }
  static Key rank(Key key) { return key; }
  static void element(std::byte* p, Key key) { stored(p, static_cast<T>(key ^ smallest)); }
};

/// Floats: their bits, all turned when negative, else the sign. Not-a-number is the greatest key.
template <class K, int mantissa_bits>
struct FloatKeys {
  using Key = K;
  static constexpr size_t bytes = sizeof(Key);
  static constexpr Key sign = Key{1} << (8 * sizeof(Key) - 1);
  static constexpr Key infinity = static_cast<Key>((sign - 1) >> mantissa_bits << mantissa_bits);
  static constexpr Key quiet_nan = static_cast<Key>(infinity | Key{1} << (mantissa_bits - 1));
  static Key key(const std::byte* p) {
    const Key bits = loaded<Key>(p), magnitude = static_cast<Key>(bits & ~sign);
    const Key ordered = static_cast<Key>(bits >= sign ? ~bits : bits | sign);
    return magnitude > infinity ? static_cast<Key>(~Key{0}) : ordered;
  }
  // Negative zero comes right before zero.
  static Key rank(Key key) { return key == static_cast<Key>(sign - 1) ? sign : key; }
  static void element(std::byte* p, Key key) {
    const Key bits = static_cast<Key>(key >= sign ? key & ~sign : ~key);
    stored(p, key == static_cast<Key>(~Key{0}) ? quiet_nan : bits);
  }
};

// ------------------------------------------------------------------------------------------- sorting one line of keys

bool before(uint16_t a, uint16_t b) { return a < b; }
bool before(uint32_t a, uint32_t b) { return a < b; }
bool before(uint64_t a, uint64_t b) { return a < b; }
bool before(const hwy::uint128_t& a, const hwy::uint128_t& b) { return a.hi != b.hi ? a.hi < b.hi : a.lo < b.lo; }

// How many of the first `count` merged keys come from `left`; equal ones come from there first.
template <class Key>
int64_t taken_from_left(const Key* left, int64_t left_count, const Key* right, int64_t right_count, int64_t count) {
  int64_t low = std::max<int64_t>(0, count - right_count), high = std::min(count, left_count);
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (before(right[count - middle - 1], left[middle])) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

// Without branches that depend on the keys: nobody can foretell them.
template <class Key>
void merge(const Key* left, const Key* left_end, const Key* right, const Key* right_end, Key* out) {
  while (left != left_end && right != right_end) {
    const bool take_right = before(*right, *left);
    *out++ = take_right ? *right : *left;
    right += take_right;
    left += !take_right;
  }
  out = std::copy(left, left_end, out);
  std::copy(right, right_end, out);
}

// Neighbouring runs of `run` keys each become one, in as many pieces as there are threads.
template <class Key>
void merge_runs(const Key* from, Key* to, int64_t count, int64_t run, int64_t pieces) {
  const int64_t pairs = (count + 2 * run - 1) / (2 * run), share = (pieces + pairs - 1) / pairs;
  default_pool().for_each_chunk(pairs * share, 1, [&](int64_t begin, int64_t) {
    const int64_t pair = begin / share, piece = begin % share;
    const Key* const left = from + pair * 2 * run;
    const int64_t rest = count - pair * 2 * run;
    const int64_t left_count = std::min(run, rest), right_count = std::min(2 * run, rest) - left_count;
    const Key* const right = left + left_count;
    const int64_t total = left_count + right_count, first = total * piece / share, last = total * (piece + 1) / share;
    const int64_t a = taken_from_left(left, left_count, right, right_count, first);
    const int64_t b = taken_from_left(left, left_count, right, right_count, last);
    merge(left + a, left + b, right + (first - a), right + (last - b), to + pair * 2 * run + first);
  });
}

constexpr int64_t shared_length = 1 << 16;  // keys from which on several threads sort one line

/// Memory for the keys of lines, one line after the other; uninitialised.
template <class Key>
struct KeyLines {
  KeyLines(int64_t count, int64_t line_length)
      : length(line_length), memory(std::make_unique_for_overwrite<Key[]>(static_cast<size_t>(count * line_length))) {}
  Key* line(int64_t number) { return memory.get() + number * length; }
  int64_t length;
  std::unique_ptr<Key[]> memory;
};

// The sorted line, which stays where it was or lies in `other`.
template <class Key>
Key* sort_keys(Key* keys, int64_t count, std::unique_ptr<Key[]>& other) {
  const int64_t threads = ThreadPool::inside_region() ? 1 : default_pool().size();
  const int64_t pieces = std::min<int64_t>(threads, count / shared_length);
  if (pieces <= 1) {
    hwy::Sorter()(keys, static_cast<size_t>(count), hwy::SortAscending());
    return keys;
  }
  const int64_t run = (count + pieces - 1) / pieces;
  default_pool().for_each_chunk(pieces, 1, [&](int64_t piece, int64_t) {
    const int64_t first = piece * run, last = std::min(count, first + run);
    hwy::Sorter()(keys + first, static_cast<size_t>(last - first), hwy::SortAscending());
  });
  other = std::make_unique_for_overwrite<Key[]>(static_cast<size_t>(count));
  Key* spare = other.get();
  for (int64_t sorted = run; sorted < count; sorted *= 2) {
    merge_runs(keys, spare, count, sorted, pieces);
    std::swap(keys, spare);
  }
  return keys;
}

// ------------------------------------------------------------------------------------------------------------- lines

constexpr int64_t chunk_elements = 1 << 14;    // elements below which another thread is not worth its waking
constexpr int64_t lines_together = 16;         // whose elements beside each other are read together
constexpr int64_t longest_together = 1 << 14;  // elements of lines that are

// f(first line, lines after it): every line once, on every core. Lines beside each other lie in the same cache lines.
template <class F>
void for_each_group(const Lines& lines, F&& f) {
  if (lines.length == 0 || lines.count == 0) return;
  const int64_t together = lines.length > longest_together ? 1 : lines_together;
  const int64_t grain = std::clamp<int64_t>(chunk_elements / lines.length, 1, lines.count);
  default_pool().for_each_chunk(lines.count, grain, [&](int64_t begin, int64_t end) {
    for (int64_t first = begin; first < end; first += together) f(first, std::min(end, first + together));
  });
}

// f(element of line `first + k`, k, position) for all of a group of lines: line by line where the elements of each lie
// beside each other, else across them.
template <class Keys, class F>
void for_each_element_of(const Lines& lines, int64_t first, int64_t last, F&& f) {
  constexpr auto item = static_cast<int64_t>(Keys::bytes);
  std::byte* starts[lines_together];
  for (int64_t k = first; k < last; ++k) starts[k - first] = lines.line(k);
  if (lines.step == item) {
    for (int64_t k = 0; k < last - first; ++k) {
      for (int64_t at = 0; at < lines.length; ++at) f(starts[k] + at * item, k, at);
    }
    return;
  }
  for (int64_t at = 0; at < lines.length; ++at) {
    for (int64_t k = 0; k < last - first; ++k) f(starts[k] + at * lines.step, k, at);
  }
}

/// What a result consists of, as Keys are what an argument does.
struct Positions {
  static constexpr size_t bytes = sizeof(int64_t);
};

// Sorts what `make` makes of each key and its position, and writes it.
template <class Keys, class Results, class Key, class Make, class Write>
void sort_groups(const Lines& from, const Lines& to, const Make& make, const Write& write) {
  for_each_group(from, [&](int64_t first, int64_t last) {
    KeyLines<Key> keys(last - first, from.length);
    Key* const all = keys.line(0);
    const int64_t length = from.length;
    for_each_element_of<Keys>(from, first, last, [&](const std::byte* p, int64_t k, int64_t at) {
      all[k * length + at] = make(Keys::key(p), at);
    });
    const Key* sorted = all;
    std::unique_ptr<Key[]> other;
    for (int64_t k = 0; k < last - first; ++k) {
      Key* const line = sort_keys(keys.line(k), length, other);
      if (last - first == 1) {
        sorted = line;
      } else if (line != keys.line(k)) {
        std::copy(line, line + length, keys.line(k));
      }
    }
    for_each_element_of<Results>(to, first, last,
                                 [&](std::byte* p, int64_t k, int64_t at) { write(p, sorted[k * length + at]); });
  });
}

template <class Keys>
struct Sort {
  static void run(const Lines& from, const Lines& to) {
    using Key = typename Keys::Key;
    sort_groups<Keys, Keys, Key>(
        from, to, [](Key key, int64_t) { return key; }, [](std::byte* p, Key key) { Keys::element(p, key); });
  }
};

// Position behind key: the order of equal keys is that of their positions.
template <class Keys>
struct Argsort {
  static void run(const Lines& from, const Lines& to) {
    using Key = typename Keys::Key;
    constexpr int position_bits = 32;
    if (sizeof(Key) <= sizeof(uint32_t) && from.length <= int64_t{1} << position_bits) {
      sort_groups<Keys, Positions, uint64_t>(
          from, to,
          [](Key key, int64_t at) {
            return static_cast<uint64_t>(Keys::rank(key)) << position_bits | static_cast<uint64_t>(at);
          },
          [](std::byte* p, uint64_t pair) { stored(p, static_cast<int64_t>(pair & 0xffffffff)); });
      return;
    }
    sort_groups<Keys, Positions, hwy::uint128_t>(
        from, to,
        [](Key key, int64_t at) {
          hwy::uint128_t pair;
          pair.hi = Keys::rank(key), pair.lo = static_cast<uint64_t>(at);
          return pair;
        },
        [](std::byte* p, const hwy::uint128_t& pair) { stored(p, static_cast<int64_t>(pair.lo)); });
  }
};

// --------------------------------------------------------------------------------------------------- complex numbers

// NumPy's order: by the real part, then the imaginary part; behind those without NaN the ones with NaN in the imaginary
// part, then in the real part, then in both.
bool complex_before(Complex a, Complex b) {
  const auto part_with_nan = [](Complex z) { return 2 * std::isnan(z.real()) + std::isnan(z.imag()); };
  if (part_with_nan(a) != part_with_nan(b)) return part_with_nan(a) < part_with_nan(b);
  if (a.real() < b.real() || a.real() > b.real()) return a.real() < b.real();
  return a.imag() < b.imag();
}

// f(element of the result, its rank's element of x, position): elements in their stable order.
template <class F>
void for_each_complex_in_order(const Array& x, const Array& result, size_t axis, F&& f) {
  const Lines from(x, axis), to(result, axis);
  for_each_group(from, [&](int64_t first, int64_t last) {
    std::vector<int64_t> order(static_cast<size_t>(from.length));
    for (int64_t line = first; line < last; ++line) {
      const std::byte* const elements = from.line(line);
      std::byte* const sorted = to.line(line);
      const auto at = [&](int64_t k) { return element_as_complex(elements + k * from.step, x.dtype); };
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return complex_before(at(a), at(b)); });
      for (int64_t k = 0; k < from.length; ++k) {
        const int64_t position = order[static_cast<size_t>(k)];
        f(sorted + k * to.step, elements + position * from.step, position);
      }
    }
  });
}

// ----------------------------------------------------------------------------------------------------------- dtypes

template <template <class> class Work>
void for_dtype(const Array& x, const Array& result, size_t axis) {
  const Lines from(x, axis), to(result, axis);
  switch (x.dtype) {
    case DType::b1:
    case DType::u8:
      return Work<UnsignedKeys<uint8_t, uint16_t>>::run(from, to);
    case DType::u16:
      return Work<UnsignedKeys<uint16_t, uint16_t>>::run(from, to);
    case DType::u32:
      return Work<UnsignedKeys<uint32_t, uint32_t>>::run(from, to);
    case DType::u64:
      return Work<UnsignedKeys<uint64_t, uint64_t>>::run(from, to);
    case DType::i8:
      return Work<SignedKeys<int8_t, uint16_t>>::run(from, to);
    case DType::i16:
      return Work<SignedKeys<int16_t, uint16_t>>::run(from, to);
    case DType::i32:
      return Work<SignedKeys<int32_t, uint32_t>>::run(from, to);
    case DType::i64:
      return Work<SignedKeys<int64_t, uint64_t>>::run(from, to);
    case DType::f16:
      return Work<FloatKeys<uint16_t, 10>>::run(from, to);
    case DType::f32:
      return Work<FloatKeys<uint32_t, 23>>::run(from, to);
    case DType::f64:
      return Work<FloatKeys<uint64_t, 52>>::run(from, to);
    case DType::c64:
    case DType::c128:
      return;  // not of one key
  }
}

}  // namespace

void sort_lines(const Array& x, const Array& result, size_t axis) {
  if (is_complex(x.dtype)) {
    const auto bytes = static_cast<size_t>(item_size(x.dtype));
    return for_each_complex_in_order(
        x, result, axis, [&](std::byte* to, const std::byte* from, int64_t) { std::memcpy(to, from, bytes); });
  }
  for_dtype<Sort>(x, result, axis);
}

void argsort_lines(const Array& x, const Array& result, size_t axis) {
  if (is_complex(x.dtype)) {
    return for_each_complex_in_order(x, result, axis,
                                     [](std::byte* to, const std::byte*, int64_t position) { stored(to, position); });
  }
  for_dtype<Argsort>(x, result, axis);
}

}  // namespace croton
