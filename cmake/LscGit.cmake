# build.h: what this build is, for --version and provenance; made anew when it changes.
add_custom_target(lsc_build_header
  COMMAND ${CMAKE_COMMAND} -DSOURCE=${CMAKE_SOURCE_DIR} -DOUT=${CMAKE_BINARY_DIR}/generated/lsc_build.h
          -P ${CMAKE_SOURCE_DIR}/cmake/git_describe.cmake
  BYPRODUCTS ${CMAKE_BINARY_DIR}/generated/lsc_build.h)
add_library(lsc_build INTERFACE)
target_include_directories(lsc_build INTERFACE ${CMAKE_BINARY_DIR}/generated)
add_dependencies(lsc_build lsc_build_header)
