# Finds the libraries that libcroton and its code generator stand on; none of them shows in a public header.

find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)  # only its run-time library: oneDNN's team is kept at one thread
find_package(fmt 9 REQUIRED)

find_path(DNNL_INCLUDE_DIR dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
find_library(HIGHWAY_LIBRARY hwy REQUIRED)
find_library(HIGHWAY_SORT_LIBRARY hwy_contrib REQUIRED)
find_path(XXHASH_INCLUDE_DIR xxhash.h REQUIRED)

# The serial variant by name: with several variants installed a plain -lopenblas may pick one with threads of its own.
find_library(OPENBLAS_LIBRARY openblas PATHS /usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/openblas-serial NO_DEFAULT_PATH)
find_library(OPENBLAS_LIBRARY openblas REQUIRED)
find_path(OPENBLAS_INCLUDE_DIR cblas.h PATH_SUFFIXES openblas-serial REQUIRED)
# Only the headers of Eigen's Fourier transform.
find_path(EIGEN_INCLUDE_DIR unsupported/Eigen/FFT PATH_SUFFIXES eigen3 REQUIRED)
get_filename_component(OPENBLAS_LIBRARY_DIR ${OPENBLAS_LIBRARY} DIRECTORY)

if(EXISTS ${CMAKE_SOURCE_DIR}/src/backend/cpu/llvm)
  find_package(LLVM 19.1 CONFIG REQUIRED)
  separate_arguments(llvm_definitions NATIVE_COMMAND "${LLVM_DEFINITIONS}")
  string(REPLACE "-D" "" LLVM_DEFINITIONS_LIST "${llvm_definitions}")
  llvm_map_components_to_libnames(CROTON_LLVM_LIBRARIES core support target targetparser codegen
    x86codegen x86desc x86info)
endif()
