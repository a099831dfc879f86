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
lsc_test(landscape_refused LIBS lsc_test_landscape LABELS cli)
lsc_test(landscape_resume LIBS lsc_test_landscape LABELS cli)
lsc_test(landscape_kill LIBS lsc_test_landscape LABELS cli)
target_compile_definitions(test_landscape_cli PRIVATE LSC_HAVE_VTK=${LSC_HAVE_VTK})
foreach(test cli refused resume kill)
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

# By mpirun, on this machine alone. A test for each part, because mpirun itself takes a second or two. Leaks are not looked
# for: Open MPI leaves thousands behind in plugins that it has closed, so that they cannot be told from ours.
if(LSC_HAVE_MPI AND MPIEXEC_EXECUTABLE)
  set(mpi_environment OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
      OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_plm=isolated OMPI_MCA_oob_tcp_if_include=lo
      OMPI_MCA_odls_base_sigkill_timeout=4 TMPDIR=/dev/shm
      OMPI_MCA_btl=self,vader OMPI_MCA_btl_vader_single_copy_mechanism=none
      ASAN_OPTIONS=detect_leaks=0)
  lsc_test(landscape_mpi LIBS lsc_test_landscape LABELS cli ARGS ${MPIEXEC_EXECUTABLE} bits_* ENV ${mpi_environment})
  add_dependencies(test_landscape_mpi landscape losscope_mpi)
  foreach(part "said_once=what_*" "off=without_*" "alone=a_process_*" "killed_0=killed_rank_0_*" "killed_1=killed_rank_1_*"
          "interrupted=stopped_by_ctrl_c_*" "terminated=stopped_by_sigterm_*" "error_of_all=an_error_of_all_*"
          "error_of_one=an_error_of_one_*" "absent=a_build_*" "other_mpi=a_launcher_*")
    string(REGEX MATCH "(.*)=(.*)" part "${part}")
    add_test(NAME landscape_mpi_${CMAKE_MATCH_1} COMMAND test_landscape_mpi ${MPIEXEC_EXECUTABLE} ${CMAKE_MATCH_2})
    set_tests_properties(landscape_mpi_${CMAKE_MATCH_1} PROPERTIES LABELS cli TIMEOUT ${LSC_TEST_SECONDS}
                         ENVIRONMENT "${mpi_environment}")
  endforeach()
endif()
