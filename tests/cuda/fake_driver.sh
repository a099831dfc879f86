#!/bin/sh
# fake_driver.sh STUB > FILE.c: a driver that drives nothing, from the names in the toolkit's own stub of libcuda.so. What
# cuDNN calls while it makes a plan with no device succeeds; everything else answers as the toolkit's stub (34).
set -eu
cat <<'END'
#include <stddef.h>
int cuInit(unsigned flags) { (void)flags; return 0; }
int cuDriverGetVersion(int *v) { *v = 13000; return 0; }
int cuGetErrorString(int e, const char **s) { (void)e; *s = "fake driver"; return 0; }
int cuGetErrorName(int e, const char **s) { (void)e; *s = "FAKE_DRIVER"; return 0; }
int cuLibraryLoadData(void **l, const void *c, void *a, void **b, unsigned n, void *d, void **e, unsigned m)
{ (void)c; (void)a; (void)b; (void)n; (void)d; (void)e; (void)m; *l = (void *)0x1000; return 0; }
int cuLibraryUnload(void *l) { (void)l; return 0; }
int cuLibraryGetKernel(void **k, void *l, const char *n) { (void)l; (void)n; *k = (void *)0x2000; return 0; }
int cuLibraryGetGlobal(void **g, size_t *s, void *l, const char *n)
{ (void)l; (void)n; *g = (void *)0x3000; if (s) *s = 0; return 0; }
int cuLibraryGetModule(void **m, void *l) { (void)l; *m = (void *)0x4000; return 0; }
int cuKernelGetFunction(void **f, void *k) { (void)k; *f = (void *)0x2000; return 0; }
int cuKernelSetAttribute(int a, int v, void *k, int d) { (void)a; (void)v; (void)k; (void)d; return 0; }
int cuKernelGetAttribute(int *v, int a, void *k, int d) { (void)a; (void)k; (void)d; *v = 0; return 0; }
int cuFuncSetAttribute(void *f, int a, int v) { (void)f; (void)a; (void)v; return 0; }
int cuFuncGetAttribute(int *v, int a, void *f) { (void)f; (void)a; *v = 0; return 0; }
int cuModuleLoadData(void **m, const void *i) { (void)i; *m = (void *)0x5000; return 0; }
int cuModuleLoadDataEx(void **m, const void *i, unsigned n, void *o, void **v)
{ (void)i; (void)n; (void)o; (void)v; *m = (void *)0x5000; return 0; }
int cuModuleGetFunction(void **f, void *m, const char *n) { (void)m; (void)n; *f = (void *)0x2000; return 0; }
int cuModuleUnload(void *m) { (void)m; return 0; }
int cuOccupancyMaxActiveBlocksPerMultiprocessor(int *n, void *f, int b, size_t s)
{ (void)f; (void)b; (void)s; *n = 1; return 0; }
END
here=" cuInit cuDriverGetVersion cuGetErrorString cuGetErrorName cuLibraryLoadData cuLibraryUnload cuLibraryGetKernel
 cuLibraryGetGlobal cuLibraryGetModule cuKernelGetFunction cuKernelSetAttribute cuKernelGetAttribute cuFuncSetAttribute
 cuFuncGetAttribute cuModuleLoadData cuModuleLoadDataEx cuModuleGetFunction cuModuleUnload
 cuOccupancyMaxActiveBlocksPerMultiprocessor "
nm -D --defined-only "$1" | awk '$2 == "T" { print $3 }' | while read -r name; do
    case $here in
    *" $name "* | *" $name
"*) ;;
    *) echo "int $name(void) { return 34; }" ;;
    esac
done
