# What a user of liblosscope needs: header, both libraries, find_package(losscope), pkg-config losscope.
#     cmake --install BUILD --component losscope --prefix PREFIX
include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/losscope)

install(FILES ${CMAKE_SOURCE_DIR}/include/losscope.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT losscope)
install(TARGETS losscope losscope_shared EXPORT losscope
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT losscope
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT losscope NAMELINK_COMPONENT losscope)
install(EXPORT losscope NAMESPACE losscope:: FILE losscopeTargets.cmake DESTINATION ${package} COMPONENT losscope)

configure_package_config_file(losscopeConfig.cmake.in losscopeConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(losscopeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/losscopeConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/losscopeConfigVersion.cmake
        DESTINATION ${package} COMPONENT losscope)

# The prefix is found from the file's own place, so that an installed tree may be moved.
file(RELATIVE_PATH up_to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
string(REPLACE ";" " " hdf5_libraries "${LSC_HDF5_LIBRARIES}")
configure_file(losscope.pc.in losscope.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/losscope.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT losscope)
