# The Python extension `croton._core` (nanobind), and a package folder in the build tree: PYTHONPATH=<build>/python.

find_package(Python 3.9 COMPONENTS Interpreter Development.Module NumPy QUIET)
if(Python_FOUND)
  execute_process(COMMAND ${Python_EXECUTABLE} -m nanobind --cmake_dir
    OUTPUT_VARIABLE nanobind_ROOT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE nanobind_missing)
endif()
file(GLOB python_sources CONFIGURE_DEPENDS python/src/*.cpp)
if(NOT Python_FOUND OR nanobind_missing OR NOT python_sources)
  message(STATUS "No Python extension: it needs Python's development files, NumPy, nanobind, and python/src")
  return()
endif()
find_package(nanobind CONFIG REQUIRED)

# NOMINSIZE: the call path counts in nanoseconds.
nanobind_add_module(_core NOMINSIZE NB_STATIC NB_SUPPRESS_WARNINGS ${python_sources})
target_include_directories(_core PRIVATE src python/src)
target_link_libraries(_core PRIVATE croton_options croton fmt::fmt Python::NumPy)
set(python_package_dir ${CMAKE_BINARY_DIR}/python/croton)
set_target_properties(_core PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${python_package_dir}
  INSTALL_RPATH "$ORIGIN;$ORIGIN/../../lib")
if(TARGET croton_llvm)
  add_dependencies(_core croton_llvm)
endif()

# The package's files are linked one by one, so that an edit is live and the source tree stays free of build outputs.
file(GLOB_RECURSE python_files RELATIVE ${CMAKE_SOURCE_DIR}/python/croton CONFIGURE_DEPENDS
  python/croton/*.py python/croton/*.pyi python/croton/py.typed)
file(GLOB_RECURSE old_links RELATIVE ${python_package_dir} ${python_package_dir}/*.py ${python_package_dir}/*.pyi)
foreach(link IN LISTS old_links)
  if(NOT link IN_LIST python_files)
    file(REMOVE ${python_package_dir}/${link})
  endif()
endforeach()
foreach(file IN LISTS python_files)
  get_filename_component(folder ${python_package_dir}/${file} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/python/croton/${file} ${python_package_dir}/${file} SYMBOLIC)
endforeach()
