// 64 and 128 bit hashes that are the same in every process, so they may name files and order commutative operands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace croton {

// A bijective mixer (the finaliser of splitmix64): integers that differ in one bit differ in about half of them after
// it.
constexpr uint64_t hash_integer(uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

// Depends on the order: hash_combine(a, b) and hash_combine(b, a) differ.
constexpr uint64_t hash_combine(uint64_t seed, uint64_t value) {
  return hash_integer((seed << 5 | seed >> 59) ^ hash_integer(value));
}

uint64_t hash_bytes(const void* data, size_t size, uint64_t seed = 0);

inline uint64_t hash_text(std::string_view text, uint64_t seed = 0) {
  return hash_bytes(text.data(), text.size(), seed);
}

inline uint64_t hash_integers(std::span<const int64_t> values, uint64_t seed = 0) {
  return hash_bytes(values.data(), values.size_bytes(), seed);
}

// For keys that live on disk, where a collision would be a wrong program.
struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
  friend constexpr bool operator==(const Hash128&, const Hash128&) = default;
};

Hash128 hash128_bytes(const void* data, size_t size, uint64_t seed = 0);

inline Hash128 hash128_text(std::string_view text, uint64_t seed = 0) {
  return hash128_bytes(text.data(), text.size(), seed);
}

}  // namespace croton
