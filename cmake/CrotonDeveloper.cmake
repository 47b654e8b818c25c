# What only a developer builds: the C++ tests, the examples and the benchmark workers.

set(CMAKE_INSTALL_RPATH $ORIGIN/../lib)

file(GLOB test_sources CONFIGURE_DEPENDS tests/cpp/*.cpp tests/cpp/support/*.cpp)
if(test_sources)
  find_package(GTest REQUIRED)
  add_executable(croton_tests ${test_sources})
  target_include_directories(croton_tests PRIVATE src tests/cpp)
  target_link_libraries(croton_tests PRIVATE croton_options croton fmt::fmt GTest::gtest_main)
endif()

file(GLOB example_sources CONFIGURE_DEPENDS examples/*.cpp)
foreach(source IN LISTS example_sources)
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE croton_options croton)
endforeach()

file(GLOB bench_sources CONFIGURE_DEPENDS bench/cpp/*.cpp)
foreach(source IN LISTS bench_sources)
  get_filename_component(name ${source} NAME_WE)
  add_executable(bench_${name} ${source})
  target_include_directories(bench_${name} PRIVATE src)
  target_link_libraries(bench_${name} PRIVATE croton_options croton)
endforeach()

add_library(bench_hand MODULE bench/cpp/hand/loops.cpp)
target_link_libraries(bench_hand PRIVATE croton_options)
