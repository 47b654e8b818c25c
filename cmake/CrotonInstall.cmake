# Install rules: component `croton` for C++ (libraries, headers, find_package), component `python` for the wheel.

set(croton_libraries croton)
if(TARGET croton_llvm)
  list(APPEND croton_libraries croton_llvm)
endif()

# The wheel is one folder: the package, the extension and both libraries.
if(SKBUILD)
  if(NOT TARGET _core)
    message(FATAL_ERROR "The Python package needs its extension")
  endif()
  install(TARGETS ${croton_libraries} _core LIBRARY DESTINATION croton COMPONENT python)
  return()
endif()

install(TARGETS croton EXPORT croton LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT croton)
if(TARGET croton_llvm)
  install(TARGETS croton_llvm LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT croton)
endif()
if(EXISTS ${CMAKE_SOURCE_DIR}/include/croton)
  install(DIRECTORY include/croton DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT croton)
endif()

include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/croton)
install(EXPORT croton NAMESPACE croton:: FILE crotonConfig.cmake DESTINATION ${package_dir} COMPONENT croton)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/crotonConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/crotonConfigVersion.cmake DESTINATION ${package_dir} COMPONENT croton)
