# The program `landscape` and what it is made of.
add_library(lsc_test_landscape STATIC landscape_fixture.c)
target_link_libraries(lsc_test_landscape PUBLIC lsc_landscape lsc_test_data lsc_test_support)
target_compile_definitions(lsc_test_landscape PRIVATE LSC_BINARY_DIR="${CMAKE_BINARY_DIR}")

lsc_test(landscape_request LIBS lsc_landscape LABELS unit)
lsc_test(landscape_objective LIBS lsc_objective_nn lsc_test_data lsc_test_malloc LABELS contract)
lsc_test(landscape_gradient LIBS lsc_objective_nn lsc_test_data lsc_test_malloc LABELS contract)
lsc_test(landscape_norm LIBS lsc_objective_nn lsc_test_data LABELS contract)
lsc_test(landscape_memory LIBS lsc_test_landscape LABELS unit)
lsc_test(landscape_cli LIBS lsc_test_landscape LABELS cli)
lsc_test(landscape_resume LIBS lsc_test_landscape LABELS cli)
lsc_test(landscape_kill LIBS lsc_test_landscape LABELS cli)
target_compile_definitions(test_landscape_cli PRIVATE LSC_HAVE_VTK=${LSC_HAVE_VTK})
foreach(test cli resume kill)
  add_dependencies(test_landscape_${test} landscape)
endforeach()

# The whole surface in one test would take too long on a busy machine: a test for each row, and none without a backend
# that is fast enough.
lsc_test(landscape_reference LIBS lsc_test_landscape LABELS golden ARGS ref)
if(LSC_HAVE_ONEDNN)
  foreach(row RANGE 4)
    add_test(NAME landscape_reference_row${row} COMMAND test_landscape_reference ${row})
    set_tests_properties(landscape_reference_row${row} PROPERTIES LABELS golden TIMEOUT ${LSC_TEST_SECONDS} PROCESSORS 2)
  endforeach()
endif()
