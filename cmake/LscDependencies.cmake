# Third parties. The required ones are in Debian 12; scripts/deps.sh installs them.
find_package(PkgConfig REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS C)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
set(HDF5_PREFER_PARALLEL OFF)
find_package(HDF5 REQUIRED COMPONENTS C)
# Only libhdf5 itself: the list names its own dependencies, too (curl, crypto, ...), which a shared libhdf5 brings along.
set(LSC_HDF5_LIBRARIES ${HDF5_C_LIBRARIES})
if("${HDF5_C_LIBRARIES}" MATCHES "hdf5[^/;]*\\${CMAKE_SHARED_LIBRARY_SUFFIX}")
  list(FILTER LSC_HDF5_LIBRARIES INCLUDE REGEX "hdf5[^/]*$")
endif()
add_library(lsc_hdf5 INTERFACE)
target_include_directories(lsc_hdf5 SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(lsc_hdf5 INTERFACE ${LSC_HDF5_LIBRARIES})
pkg_check_modules(yaml REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(cjson REQUIRED IMPORTED_TARGET libcjson)
pkg_check_modules(minizip REQUIRED IMPORTED_TARGET minizip)
pkg_check_modules(nettle REQUIRED IMPORTED_TARGET nettle)
find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)

# VTK: pictures and .vtp. Two parts, so that `landscape` needs no OpenGL.
set(LSC_HAVE_VTK 0)
if(NOT LSC_WITH_VTK STREQUAL "OFF")
  if(LSC_WITH_VTK STREQUAL "ON")
    set(required REQUIRED)
  endif()
  find_package(VTK 9.1 ${required} QUIET COMPONENTS
               CommonCore CommonDataModel CommonExecutionModel FiltersCore IOCore IOXML
               IOImage ImagingCore RenderingCore RenderingFreeType RenderingOpenGL2)
  if(VTK_FOUND)
    set(LSC_HAVE_VTK 1)
  endif()
endif()
# Not named VTK: the summary leaves out what carries the name of a package that was looked for quietly.
add_feature_info("VTK ${VTK_VERSION}" LSC_HAVE_VTK ".vtp files and pictures")

# oneDNN: the cpu backend, 2.6 or 3.x. Without it the ref backend remains.
set(LSC_HAVE_ONEDNN 0)
if(NOT LSC_WITH_ONEDNN STREQUAL "OFF")
  # Not by its CMake package: Debian's demands OpenCL, which the CPU engine does not use.
  find_path(DNNL_INCLUDE_DIR dnnl.h)
  find_library(DNNL_LIBRARY dnnl)
  if(DNNL_INCLUDE_DIR AND DNNL_LIBRARY)
    set(LSC_HAVE_ONEDNN 1)
    add_library(lsc_onednn INTERFACE)
    target_include_directories(lsc_onednn SYSTEM INTERFACE ${DNNL_INCLUDE_DIR})
    target_link_libraries(lsc_onednn INTERFACE ${DNNL_LIBRARY})
  elseif(LSC_WITH_ONEDNN STREQUAL "ON")
    message(FATAL_ERROR "oneDNN was not found: install libdnnl-dev, or -DLSC_WITH_ONEDNN=OFF")
  endif()
endif()
add_feature_info(oneDNN LSC_HAVE_ONEDNN "the cpu backend")
