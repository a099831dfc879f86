// Nothing that VTK or the C++ library throws crosses the border to C.
// SPDX-License-Identifier: MIT
#ifndef LSC_VIZ_VTK_GUARD_HXX
#define LSC_VIZ_VTK_GUARD_HXX

extern "C" {
#include "base/base.h"
}

#include <vtkObject.h>

#include <exception>
#include <new>

// Run body(); VTK's own messages are not printed: what went wrong comes back as status and message.
template <class Body> lsc_status viz_guarded(const char *what, Body body)
{
    try {
        vtkObject::SetGlobalWarningDisplay(0);
        return body();
    } catch (const std::bad_alloc &) {
        return lsc_fail(LSC_ERR_NOMEM, "%s: out of memory", what);
    } catch (const std::exception &e) {
        return lsc_fail(LSC_ERR_BACKEND, "%s: VTK failed: %s", what, e.what());
    } catch (...) {
        return lsc_fail(LSC_ERR_BACKEND, "%s: VTK failed", what);
    }
}

#endif
