# The program `landscape` and what it is made of.
lsc_test(landscape_objective LIBS lsc_objective_nn lsc_test_data lsc_test_malloc LABELS contract)
