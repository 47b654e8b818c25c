// Lays the sections of an object file out as one block that works at any address.
#include "backend/cpu/llvm/object_image.h"

#include <elf.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
#include <string_view>

#include "base/error.h"

namespace croton::codegen {
namespace {

constexpr std::string_view slot_prefix = "croton_function_";
constexpr uint32_t nowhere = ~0u;

class Layout {
 public:
  Layout(llvm::StringRef object, const std::string& entry) : file_(object), entry_(entry) {
    header_ = at<Elf64_Ehdr>(0);
    for (size_t k = 0; k < header_.e_shnum; ++k)
      sections_.push_back(at<Elf64_Shdr>(header_.e_shoff + k * header_.e_shentsize));
  }

  KernelImage run() {
    place_sections();
    for (const Elf64_Shdr& section : sections_) {
      if (section.sh_type == SHT_RELA && places_[section.sh_info] != nowhere) relocate(section);
    }
    if (image_.entry == nowhere) raise<InternalError>("kernel '{}' is not in its object", entry_);
    return std::move(image_);
  }

 private:
  template <class T>
  T at(uint64_t offset) const {
    if (offset > file_.size() || sizeof(T) > file_.size() - offset)
      raise<InternalError>("kernel '{}': its object file is cut off", entry_);
    T value;
    std::memcpy(&value, file_.data() + offset, sizeof value);
    return value;
  }
  std::string_view name_of(const Elf64_Shdr& strings, uint32_t offset) const {
    return file_.data() + strings.sh_offset + offset;
  }

  // Constants and code, in the order of the file; what unwinding and debuggers read is left out.
  void place_sections() {
    image_.entry = nowhere;
    places_.assign(sections_.size(), nowhere);
    for (size_t k = 0; k < sections_.size(); ++k) {
      const Elf64_Shdr& s = sections_[k];
      const std::string_view name = name_of(sections_[header_.e_shstrndx], s.sh_name);
      if ((s.sh_flags & SHF_ALLOC) == 0 || s.sh_size == 0 || name == ".eh_frame") continue;
      if (s.sh_type != SHT_PROGBITS || (s.sh_flags & SHF_WRITE) != 0 || s.sh_addralign > KernelImage::alignment)
        raise<InternalError>("kernel '{}' has a section {} that no image can hold", entry_, name);
      places_[k] = reserve(s.sh_size, s.sh_addralign);
      std::memcpy(image_.bytes.data() + places_[k], file_.data() + s.sh_offset, s.sh_size);
    }
    for (const Elf64_Shdr& s : sections_) {
      if (s.sh_type == SHT_SYMTAB) find_entry(s);
    }
  }

  uint32_t reserve(uint64_t bytes, uint64_t alignment) {
    alignment = std::max<uint64_t>(alignment, 1);
    const uint64_t place = (image_.bytes.size() + alignment - 1) / alignment * alignment;
    image_.bytes.resize(place + bytes);
    return static_cast<uint32_t>(place);
  }

  void find_entry(const Elf64_Shdr& symbols) {
    for (uint64_t k = 0; k < symbols.sh_size / sizeof(Elf64_Sym); ++k) {
      const auto symbol = at<Elf64_Sym>(symbols.sh_offset + k * sizeof(Elf64_Sym));
      const bool function = ELF64_ST_TYPE(symbol.st_info) == STT_FUNC;
      if (function && name_of(sections_[symbols.sh_link], symbol.st_name) == entry_)
        image_.entry = place_of(symbol, entry_);
    }
  }

  uint32_t place_of(const Elf64_Sym& symbol, std::string_view name) {
    if (symbol.st_shndx == SHN_UNDEF) return slot_of(name);
    const uint32_t place = symbol.st_shndx < places_.size() ? places_[symbol.st_shndx] : nowhere;
    if (place == nowhere) raise<InternalError>("kernel '{}' refers to '{}', which is nowhere", entry_, name);
    return place + static_cast<uint32_t>(symbol.st_value);
  }

  uint32_t slot_of(std::string_view name) {
    int function = -1;
    if (name.starts_with(slot_prefix))
      std::from_chars(name.data() + slot_prefix.size(), name.data() + name.size(), function);
    if (function < 0 || function >= function_count())
      raise<InternalError>("kernel '{}' calls '{}', which no image offers", entry_, name);
    const auto number = static_cast<uint32_t>(function);
    for (const KernelImage::Slot& slot : image_.slots) {
      if (slot.function == number) return slot.offset;
    }
    image_.slots.push_back({reserve(8, 8), number});
    return image_.slots.back().offset;
  }

  void relocate(const Elf64_Shdr& list) {
    const Elf64_Shdr& symbols = sections_[list.sh_link];
    for (uint64_t k = 0; k < list.sh_size / sizeof(Elf64_Rela); ++k) {
      const auto change = at<Elf64_Rela>(list.sh_offset + k * sizeof(Elf64_Rela));
      const auto symbol = at<Elf64_Sym>(symbols.sh_offset + ELF64_R_SYM(change.r_info) * sizeof(Elf64_Sym));
      const uint64_t type = ELF64_R_TYPE(change.r_info);
      if (type != R_X86_64_PC32 && type != R_X86_64_PLT32)
        raise<InternalError>("kernel '{}' has a relocation {} that depends on its address", entry_, type);
      const uint32_t target = place_of(symbol, name_of(sections_[symbols.sh_link], symbol.st_name));
      const uint64_t place = places_[list.sh_info] + change.r_offset;
      const auto distance =
          static_cast<int32_t>(static_cast<int64_t>(target) + change.r_addend - static_cast<int64_t>(place));
      std::memcpy(image_.bytes.data() + place, &distance, sizeof distance);
    }
  }

  llvm::StringRef file_;
  const std::string& entry_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Shdr> sections_;
  std::vector<uint32_t> places_;  // of sections in the image
  KernelImage image_;
};

}  // namespace

std::string function_slot_name(int function) { return std::string(slot_prefix) + std::to_string(function); }

KernelImage image_of_object(llvm::StringRef object, const std::string& entry) { return Layout(object, entry).run(); }

}  // namespace croton::codegen
