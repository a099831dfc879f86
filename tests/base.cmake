lsc_test(base_status LIBS lsc_base LABELS unit)
