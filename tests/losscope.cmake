add_library(lsc_test_losscope STATIC losscope_fixture.c)
target_link_libraries(lsc_test_losscope PUBLIC lsc_flags)

foreach(subject layout objective plan directions run)
  lsc_test(losscope_${subject} LIBS losscope lsc_test_losscope LABELS unit)
endforeach()
