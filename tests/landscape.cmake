# The program `landscape` and what it is made of.
add_library(lsc_test_landscape STATIC landscape_fixture.c)
target_link_libraries(lsc_test_landscape PUBLIC lsc_landscape lsc_test_data lsc_test_support)
target_compile_definitions(lsc_test_landscape PRIVATE LSC_BINARY_DIR="${CMAKE_BINARY_DIR}")

lsc_test(landscape_request LIBS lsc_landscape LABELS unit)
lsc_test(landscape_objective LIBS lsc_objective_nn lsc_test_data lsc_test_malloc LABELS contract)
lsc_test(landscape_memory LIBS lsc_test_landscape LABELS unit)
lsc_test(landscape_cli LIBS lsc_test_landscape LABELS cli)
lsc_test(landscape_resume LIBS lsc_test_landscape LABELS cli)
lsc_test(landscape_kill LIBS lsc_test_landscape LABELS cli)
target_compile_definitions(test_landscape_cli PRIVATE LSC_HAVE_VTK=${LSC_HAVE_VTK})
foreach(test cli resume kill)
  add_dependencies(test_landscape_${test} landscape)
endforeach()

lsc_test(landscape_reference LIBS lsc_test_landscape LABELS golden ARGS ref)
