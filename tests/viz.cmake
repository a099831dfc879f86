add_library(lsc_test_viz STATIC viz_fixture.c)
target_link_libraries(lsc_test_viz PRIVATE lsc_flags losscope lsc_test_support)

foreach(subject scale height mesh)
  lsc_test(viz_${subject} LIBS lsc_test_viz lsc_viz LABELS unit)
endforeach()
# The stand-ins are found before those of the libraries, whatever the build has.
lsc_test(viz_absent SOURCES ${CMAKE_SOURCE_DIR}/viz/vtk_io_absent.c ${CMAKE_SOURCE_DIR}/viz/vtk_draw_absent.c
         LIBS lsc_test_viz lsc_viz_program LABELS unit)

if(LSC_HAVE_VTK)
  # Files read back by VTK's own readers.
  add_library(lsc_test_viz_reader STATIC viz_reader.cxx)
  target_link_libraries(lsc_test_viz_reader PRIVATE lsc_flags VTK::CommonCore VTK::CommonDataModel VTK::IOImage VTK::IOXML)
  lsc_test(viz_format LIBS lsc_test_viz lsc_viz_program LABELS format contract)
  lsc_test(viz_vtp LIBS lsc_test_viz lsc_test_viz_reader lsc_viz_program LABELS format)
  lsc_test(viz_png LIBS lsc_test_viz lsc_test_viz_reader lsc_viz_program LABELS format)
  lsc_test(viz_links LIBS lsc_test_viz lsc_viz LABELS format)
  add_dependencies(test_viz_links landscape)
  lsc_test(viz_cli LIBS lsc_test_viz lsc_viz_program PkgConfig::cjson LABELS cli)
  add_dependencies(test_viz_cli viz)
endif()
