// A window that needs no screen.
// SPDX-License-Identifier: MIT
#ifndef LSC_VIZ_VTK_WINDOW_HXX
#define LSC_VIZ_VTK_WINDOW_HXX

extern "C" {
#include "base/base.h"
}

#include <vtkRenderWindow.h>
#include <vtkSmartPointer.h>

// Width and height in pixels. LSC_ERR_ABSENT: there is nothing to draw with on this machine, and what to install.
lsc_status viz_window_new(int width, int height, vtkSmartPointer<vtkRenderWindow> &out);

#endif
