# The whole way, at most 4 minutes on 2 cores, so its limit is not the usual minute. It needs pictures and the cpu
# backend, and would take hours under sanitizers.
if(LSC_HAVE_VTK AND LSC_HAVE_ONEDNN AND NOT LSC_SANITIZE)
  lsc_test(demo LABELS cli)
  set_tests_properties(demo PROPERTIES TIMEOUT 300 PROCESSORS 2)
endif()
