# Compiler and linker settings that every target of the project shares, as the interface target `croton_options`.

# Asserts stay on only in sanitizer builds.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# The cache knows files by their path inside the project, so that a second clone, or a wheel's build, finds them too.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
endif()

add_library(croton_options INTERFACE)
# The rows' values in C++ and the kernels must round alike: no contraction behind the author's back.
target_compile_options(croton_options INTERFACE -Wall -Wextra -ffp-contract=off)
if(CROTON_DEVELOPER)
  target_compile_options(croton_options INTERFACE -Werror)
endif()

# g++ knows only the name `lld`, which Debian keeps in LLVM's own folder.
file(GLOB lld_programs /usr/lib/llvm-19/bin/ld.lld)
if(lld_programs)
  target_link_options(croton_options INTERFACE -B/usr/lib/llvm-19/bin -fuse-ld=lld)
endif()

if(CROTON_SANITIZE STREQUAL "address")
  set(sanitizer_flags -fsanitize=address,undefined -fno-sanitize-recover=undefined)
elseif(CROTON_SANITIZE STREQUAL "thread")
  set(sanitizer_flags -fsanitize=thread)
elseif(CROTON_SANITIZE)
  message(FATAL_ERROR "CROTON_SANITIZE is address or thread, not '${CROTON_SANITIZE}'")
endif()
if(CROTON_SANITIZE)
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1 -fno-omit-frame-pointer")
  # Instrumented code hides from the compiler what is initialised: it warns of members that are.
  target_compile_options(croton_options INTERFACE ${sanitizer_flags} -Wno-maybe-uninitialized)
  target_link_options(croton_options INTERFACE ${sanitizer_flags})
endif()
