// Finds the linker's build id in the notes of a loaded library or of a file.
#include "backend/cpu/build_id.h"

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <unistd.h>

#include <cstring>
#include <string_view>
#include <vector>

namespace croton {
namespace {

// Notes follow each other: header, name, description, the latter two filled up to multiples of four bytes.
std::string id_in_notes(std::string_view notes) {
  const auto filled = [](size_t bytes) { return (bytes + 3) / 4 * 4; };
  while (notes.size() >= sizeof(Elf64_Nhdr)) {
    Elf64_Nhdr header;
    std::memcpy(&header, notes.data(), sizeof header);
    notes.remove_prefix(sizeof header);
    const size_t name = filled(header.n_namesz), description = filled(header.n_descsz);
    if (name > notes.size() || description > notes.size() - name) return {};
    const bool by_linker = notes.substr(0, header.n_namesz) == std::string_view("GNU", 4);
    if (header.n_type == NT_GNU_BUILD_ID && by_linker) return std::string(notes.substr(name, header.n_descsz));
    notes.remove_prefix(name + description);
  }
  return {};
}

struct Search {
  const char* address;
  std::string id;
};

int look_into(dl_phdr_info* library, size_t, void* context) {
  auto& search = *static_cast<Search*>(context);
  const auto* const base = reinterpret_cast<const char*>(library->dlpi_addr);
  bool inside = false;
  std::string id;
  for (int k = 0; k < library->dlpi_phnum; ++k) {
    const ElfW(Phdr)& part = library->dlpi_phdr[k];
    const char* const begin = base + part.p_vaddr;
    if (part.p_type == PT_LOAD && search.address >= begin && search.address < begin + part.p_memsz) inside = true;
    if (part.p_type == PT_NOTE && id.empty()) id = id_in_notes({begin, part.p_memsz});
  }
  if (inside) search.id = id;
  return inside ? 1 : 0;
}

}  // namespace

std::string build_id_of_address(const void* address) {
  Search search{static_cast<const char*>(address), {}};
  dl_iterate_phdr(look_into, &search);
  return search.id;
}

std::string build_id_of_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  std::string id;
  Elf64_Ehdr header;
  if (pread(file, &header, sizeof header, 0) == sizeof header && std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0) {
    for (int k = 0; k < header.e_phnum && id.empty(); ++k) {
      Elf64_Phdr part;
      const auto at = static_cast<off_t>(header.e_phoff + static_cast<size_t>(k) * sizeof part);
      if (pread(file, &part, sizeof part, at) != sizeof part || part.p_type != PT_NOTE || part.p_filesz > 65536)
        continue;
      std::vector<char> notes(part.p_filesz);
      if (pread(file, notes.data(), notes.size(), static_cast<off_t>(part.p_offset)) !=
          static_cast<ssize_t>(notes.size()))
        continue;
      id = id_in_notes({notes.data(), notes.size()});
    }
  }
  close(file);
  return id;
}

}  // namespace croton
